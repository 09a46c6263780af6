"""A distributed Airflow on one machine: PostgreSQL, Redis, an S3 server, and workers that share no disk."""
