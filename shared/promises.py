"""What every word to the community promises: by when the next comes. Said in it, kept by people."""

from datetime import timedelta
from typing import Final

NEXT_NEWS: Final = timedelta(minutes=30)
"""How soon after each word on a running incident the next one is promised."""
