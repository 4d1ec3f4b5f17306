"""The services: ingest, router, notifier, console. They share contracts and nothing else."""
