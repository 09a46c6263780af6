"""Be the process that runs one notebook for the engine `nb2dag`: an IPython shell behind pipes, no kernel, no sockets.

Nothing here is imported by the process that starts it, except `wire`. Output and displays come from ipykernel's own
shell classes, so that a library finds what it finds in a kernel.
"""
