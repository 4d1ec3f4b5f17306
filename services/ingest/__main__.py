"""`python -m services.ingest` runs the front door."""

from shared.lifecycle import for_life, run_service

if __name__ == "__main__":
    with for_life():  # a fifth of what starting takes
        from services.ingest.main import main
    run_service(main)
