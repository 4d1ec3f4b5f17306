"""Group files: a group's area, policy and channels as its admin writes them (YAML).

`read_group_files` reads any number of files and tells every mistake at once, each with file,
line, key and remedy, because an admin who corrects one mistake a run gives up. What comes out
is exactly what the log holds: a `GroupDefinition` and its `GroupChannels`.
"""

from alert_relay.groupfile.find import find_group_files
from alert_relay.groupfile.mistakes import Mistake
from alert_relay.groupfile.read import GroupFile, load_group_files, read_group_files

__all__ = ["GroupFile", "Mistake", "find_group_files", "load_group_files", "read_group_files"]
