"""`python -m services.ingest` runs the front door."""

from services.ingest.main import main
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service(main)
