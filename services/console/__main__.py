"""`python -m services.console`."""

from services.console.main import main
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service(main)
