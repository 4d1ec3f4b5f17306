"""Sealing: free text, senders, contacts, places and names rest and travel only as ciphertext.

`MasterKey` wraps data keys; `Keyring` issues, finds and destroys them in the KEYS stream and
turns messages with private parts into sealed ones and back. DESIGN 16.
"""

from shared.sealing.keyring import Keyring
from shared.sealing.master import UNSAFE_PREFIX, MasterKey, load_master_key, make_unsafe_key_file

__all__ = ["UNSAFE_PREFIX", "Keyring", "MasterKey", "load_master_key", "make_unsafe_key_file"]
