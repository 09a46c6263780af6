"""The tag language: one table of directives and options, one grammar that reads them, one writer. No IPython."""
