"""`python -m services.router`: one router process."""

from services.router.main import main
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service(main)
