"""Where parts of pages lie that more than one service shows."""

from pathlib import Path
from typing import Final

SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"
