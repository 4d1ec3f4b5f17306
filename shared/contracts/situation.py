"""Where people are when officers come, and whose law holds there: what some words depend on."""

from typing import Final, Literal, get_args

Setting = Literal["street", "driving", "home", "work"]
SettingSaid = Setting | Literal["other"]
"""As a person says it: "other" is none of the four, whatever reports say."""
Jurisdiction = Literal["england-wales", "scotland", "northern-ireland"]
SETTINGS: Final[tuple[Setting, ...]] = get_args(Setting)
JURISDICTIONS: Final[tuple[Jurisdiction, ...]] = get_args(Jurisdiction)
