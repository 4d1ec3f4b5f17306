"""What the supervisor and the console agree on about a start."""

from typing import Final

FROM_FILES: Final = "start-"
"""How the ids of commands begin that `relay up` gives for the group files: nobody at a desk did these."""
