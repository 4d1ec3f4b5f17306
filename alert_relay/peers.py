"""The files of a hub's peers: RELAY_HOME/secrets/<peer>/peer.json and, beside it, our private key for it.

They lie where only the channels of the group that stands for the peer may refer to. A link's file is replaced
whole, and the services read it anew at each letter, so what is done here holds at once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alert_relay.supervisor.home import write_private
from shared.contracts.base import HUB, SHARED, SLUG
from shared.federation import invite as inviting
from shared.federation.invite import InvitationError, Line
from shared.federation.link import Link, encoded, link_from

_LINK: Final = "peer.json"
_KEY: Final = "peer.key"
_SECRET_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers whose files lie in this folder."""

    folder: Path

    def all(self) -> list[Link]:
        """Every peer, by name."""
        return [
            link_from(file.read_text("utf-8"), str(file)) for file in sorted(self.folder.glob(f"*/{_LINK}"))
        ]

    def one(self, hub: str) -> Link | None:
        """That peer, if there is one."""
        file = self.folder / hub / _LINK
        return link_from(file.read_text("utf-8"), str(file)) if file.exists() else None

    def invite(
        self, hub: str, *, us: str | None, url: str | None, by: str, now: datetime
    ) -> tuple[Link, str]:
        """A link that waits, with a key of its own, and the line for the other operator."""
        us = self._us(us)
        before = self._free(hub, us)
        private = _new_key()
        link, line = inviting.invite(
            hub=hub,
            us=us,
            url=_door(url, hub),
            private=private,
            secret=secrets.token_urlsafe(_SECRET_BYTES),
            by=by,
            now=now,
        )
        return self._keep(link, before, private), line

    def accept(self, text: str, *, url: str | None, by: str, now: datetime) -> tuple[Link, str | None]:
        """The open link, and the line back; no line where this one was the answer."""
        line = Line.read(text)
        _secure(line.url)
        if line.what == "answer":
            link = self.one(line.sender)
            if link is None:
                raise InvitationError(f"Nobody here invited {line.sender}.")
            return self._keep(inviting.complete(link, line, by=by, now=now), None), None
        before = self._free(line.sender, self._us(line.audience))
        private = _new_key()
        link, back = inviting.accept(line, url=_door(url, line.sender), private=private, by=by, now=now)
        return self._keep(link, before, private), back

    def revoke(self, hub: str, *, by: str, now: datetime) -> Link:
        """The link, closed."""
        link = self.one(hub)
        if link is None:
            raise InvitationError(f"There is no peer {hub}; relay peer list names them.")
        return self._keep(inviting.revoke(link, by=by, now=now), None)

    def bridge_entry(self, link: Link) -> str:
        """What the bridges file needs, so that the peer's letters come in."""
        return f"- id: peer-{link.hub}\n  kind: peer\n  settings: {{link: {self._reference(link, _LINK)}}}\n"

    def group_entry(self, link: Link) -> str:
        """What the file of the group that stands for the peer needs, so that letters go out."""
        where = f"link: {self._reference(link, _LINK)}, key: {self._reference(link, _KEY)}"
        channel = f"  - {{id: peer, kind: peer, audience: verifiers, settings: {{{where}}}}}"
        return f"id: {link.hub}\npeer: {link.hub}\nchannels:\n{channel}\n"

    def _reference(self, link: Link, name: str) -> str:
        return f"file:{(self.folder / link.hub / name).resolve()}"

    def _us(self, given: str | None) -> str:
        """What our hub is called: the same to every peer, so that news is known where it came by."""
        known = next((link.us for link in self.all()), None)
        us = given or known
        if us is None:
            raise InvitationError("What is our hub called? Say so with --hub NAME, this first time.")
        if known not in {None, us}:
            raise InvitationError(
                f"Our hub is called {known} by its peers, and here {us}; it needs one name."
            )
        if not SLUG.match(us):
            raise InvitationError(f"{us!r} is no name for a hub: lower-case letters, digits and hyphens.")
        return us

    def _free(self, hub: str, us: str) -> Link | None:
        """What there was of a link to that hub; none that stands may be overwritten."""
        if not SLUG.match(hub) or hub in {HUB, SHARED, us}:
            raise InvitationError(f"{hub!r} is no name for another hub: lower-case letters, digits, hyphens.")
        before = self.one(hub)
        if before is not None and before.state == "open":
            raise InvitationError(f"{hub} is a peer already; to begin anew: relay peer revoke {hub}")
        return before

    def _keep(self, link: Link, before: Link | None, private: str | None = None) -> Link:
        """Store it; the key first, so that no link stands without one."""
        folder = self.folder / link.hub
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before is not None:
            link = link.model_copy(update={"history": (*before.history, *link.history)})
        if private is not None:
            write_private(folder / _KEY, private + "\n")
        write_private(folder / _LINK, link.model_dump_json(indent=2) + "\n")
        return link


def _new_key() -> str:
    return encoded(Ed25519PrivateKey.generate().private_bytes_raw())


def _door(url: str | None, hub: str) -> str:
    """Where that hub's letters come in."""
    if url is None:
        raise InvitationError("Where does the world reach our front door? Say so with --url https://…")
    _secure(url)
    return f"{url.rstrip('/')}/bridges/peer-{hub}"


def _secure(url: str) -> None:
    """Reports cross here: over HTTPS, or where nobody is between (this machine, an onion service)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or (parts.scheme == "http" and (_is_here(host) or host.endswith(".onion"))):
        return
    raise InvitationError(f"{url} is not safe for reports; a hub is reached by https://.")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
