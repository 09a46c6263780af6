"""Compile a tagged notebook to an Airflow bundle, in passes over an immutable model."""
