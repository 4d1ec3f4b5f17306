"""A bridge out of process in Python: each line on standard input is a report, signed with its own key.

Needs the library cryptography. RELAY_URL, RELAY_BRIDGE and RELAY_KEY_FILE are explained in README.md.
"""

import base64
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LONGEST_PAUSE_S = 60.0


def main() -> int:
    """Hand on line after line; the next only when this one is stored, or never can be."""
    key = load_pem_private_key(Path(os.environ["RELAY_KEY_FILE"]).read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        return say("RELAY_KEY_FILE holds no Ed25519 key; make one as README.md says", 2)
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").strip()
        if text and not hand_on(key, hashlib.sha256(line.strip()).hexdigest()[:32], text):
            return say("the relay does not know this key; see README.md", 1)
    return 0


def hand_on(key: Ed25519PrivateKey, message_id: str, text: str) -> bool:
    """Send it until it is stored, always with one id: it is one report. False: our key is not known."""
    body = json.dumps({"text": text}).encode()
    pause = 1.0
    while True:
        status, after = post(key, message_id, body)
        if status == 202:
            return True
        if status in {401, 403}:
            return False
        if status and status < 500 and status not in {408, 429}:
            say(f"a line was refused with {status} and is passed by")
            return True
        time.sleep(after or pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


def post(key: Ed25519PrivateKey, message_id: str, body: bytes) -> tuple[int, float]:
    """The status, 0 for no answer, and how long the relay wants us to wait."""
    now = str(int(time.time()))
    signature = base64.b64encode(key.sign(f"{message_id}.{now}.".encode() + body)).decode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Signed {os.environ['RELAY_BRIDGE']}",
        "webhook-id": message_id,
        "webhook-timestamp": now,
        "webhook-signature": f"v1a,{signature}",
    }
    request = urllib.request.Request(f"{os.environ['RELAY_URL']}/v1/reports", body, headers, method="POST")  # noqa: S310 - the operator says where the relay is
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            return answer.status, 0.0
    except urllib.error.HTTPError as refused:
        after = refused.headers.get("Retry-After", "")
        return refused.code, float(after) if after.isdecimal() else 0.0
    except OSError:
        return 0, 0.0


def say(words: str, code: int = 0) -> int:
    """One line for whoever runs it; never a word of a report."""
    sys.stderr.write(f"lines: {words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
