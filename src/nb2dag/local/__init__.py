"""Run a bundle on this machine, without Airflow: each task in a process of its own, by Airflow's rules."""
