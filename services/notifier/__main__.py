"""`python -m services.notifier`."""

from services.notifier.main import main
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service(main)
