"""Prove that a DAG computes what its notebook computes: run the notebook whole and as its DAG, and compare."""
