"""Turn a program into facts about names, values, tasks and what crosses between them. Facts, never messages."""
