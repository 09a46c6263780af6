"""The first stage of the compiler: a notebook file becomes cells, their code a tree, their tags roles."""
