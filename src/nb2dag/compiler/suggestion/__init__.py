"""Suggest tags for an untagged notebook: which cells to make tasks of, such that the result compiles."""
