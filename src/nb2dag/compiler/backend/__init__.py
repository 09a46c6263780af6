"""Turn a plan into text: the DAG file, the task notebooks and the manifest. Pure: no file is read or written."""
