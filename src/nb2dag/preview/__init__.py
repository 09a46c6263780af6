"""`%airflow_preview`: the DAG of a notebook file as text, as a picture, and as a panel of ipywidgets."""
