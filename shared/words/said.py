"""Words for a person who gave none: the same where they are shown first and where they are sent."""

from typing import Final

NOT_OVER: Final = "It is not over."
"""To everybody who was told, when a person opens again what was confirmed before."""
