"""Peer hub: another hub's letters come in, each believed or refused by name (`shared.federation.trust`)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field

from alert_relay.plugins import (
    Ignored,
    IncomingReport,
    PluginSettings,
    Receipt,
    Refused,
    Secrets,
    Spec,
    WebhookRequest,
    WebhookResponse,
)
from shared.federation.letter import Letter
from shared.federation.link import Link, link_from
from shared.federation.reading import passed_on, words_of
from shared.federation.trust import Heard, Refusal, believe

_REFUSED: Final = {
    "bad_signature": (403, "The signature does not fit these bytes and the key that we have of this peer."),
    "not_open": (403, "This peer's invitation was not answered here; its operator runs relay peer accept."),
    "revoked": (403, "This hub's operator ended the link; a new invitation begins another."),
    "wrong_audience": (403, "This letter is for another hub; check the address."),
    "wrong_sender": (403, "This letter is in another hub's name than the one that signed it."),
    "expired": (403, "This letter came too late; sign it anew, and check both hubs' clocks."),
    "from_the_future": (403, "This letter is dated ahead of our clock; check both hubs' clocks."),
    "window_too_long": (403, "A letter is good for ten minutes at most."),
    "replayed": (409, "This very letter was heard before; sign it anew to send it again."),
    "too_many_at_once": (429, "Too many letters at once; wait a minute."),
    "too_large": (413, "A letter has 16 kB at most."),
    "bad_letter": (422, "This is no letter as the relay writes them; update the older of the two hubs."),
    "wrong_way": (422, "The last hub on a letter's way is the one that signs it."),
    "loop": (422, "This news came by us before."),
    "too_many_hops": (422, "This news came by too many hubs, or an answer by others than its own."),
    "no_place": (422, "News for another hub says where."),
    "outside_area": (422, "This peer may not speak of that place here."),
}
_TESTED: Final = Ignored("test")


class PeerSettings(PluginSettings):
    """Which peer, and of where it may speak."""

    link: str = Field(pattern=r"^(env|file):.+$")
    """A reference to the peer's file, as `relay peer` wrote it. It is read at each call."""
    within: (
        tuple[
            Annotated[float, Field(ge=-180, le=180)],
            Annotated[float, Field(ge=-90, le=90)],
            Annotated[float, Field(ge=-180, le=180)],
            Annotated[float, Field(ge=-90, le=90)],
        ]
        | None
    ) = None
    """West, south, east and north, in degrees, of where its news may be; without it, anywhere."""


class PeerBridge:
    """One peer. It remembers which letters it heard while they are good, and may forget it: the log knows."""

    spec: ClassVar[Spec] = Spec(
        kind="peer",
        title="Peer hub",
        summary="Another city's hub passes on what is in our area, and says what became of ours.",
        who_else_reads="Whoever runs the other hub, and its verifiers.",
        stability="good",
        tested="real",
        example={"link": "file:/var/lib/relay/secrets/london/peer.json", "within": [-4.6, 55.7, -4.0, 56.0]},
        senders="account",
        set_up="Run `relay peer invite` here, or `relay peer accept` on the line that you were sent; they "
        "print the entry for the bridges file. [Peers](../operating/peers.md) has all steps.",
        while_away="The other hub's ledger keeps what we did not take, and brings it again for as long as "
        "the alert is good there (two hours, unless its group says otherwise).",
        notes="Letters are JSON, signed with Ed25519 over the exact bytes (`X-Relay-Signature`). Each has an "
        "audience, ten minutes' life, a number that is good once, and the hubs by which it came. Refusals "
        "are counted by name. A letter brings no contact, so nobody is written back to by it.",
    )
    Settings: ClassVar[type[PluginSettings]] = PeerSettings

    def __init__(self, settings: PeerSettings, secrets: Secrets) -> None:
        """See that there is such a peer."""
        self._settings, self._secrets = settings, secrets
        self._heard = Heard()
        self._link()

    def parse(self, request: WebhookRequest) -> Sequence[IncomingReport] | Ignored | Refused:
        """The report in a letter that is believed."""
        signature = request.headers.get("x-relay-signature", "")
        letter = believe(request.body, signature, self._link(), request.now, within=self._settings.within)
        if isinstance(letter, Refusal):
            return _refused(letter)
        replayed = self._heard.first(letter, request.now)
        return _refused(replayed) if replayed else _report(letter)

    def answer(self, receipts: Sequence[Receipt]) -> WebhookResponse:
        """That it is stored; the peer reads nothing else."""
        return WebhookResponse(body=f"stored {len(receipts)}\n" if receipts else "")

    def _link(self) -> Link:
        return link_from(self._secrets.resolve(self._settings.link), self._settings.link)


def _refused(refusal: Refusal) -> Refused:
    status, detail = _REFUSED[refusal.reason]
    return Refused(status, refusal.reason, detail)


def _report(letter: Letter) -> Sequence[IncomingReport] | Ignored:
    """The peer is the sender, one for each of its incidents, so that what it says later joins the first."""
    word = passed_on(letter)
    if word is None:
        return _TESTED
    where = letter.where
    return [
        IncomingReport(
            source_id=letter.id,
            text=words_of(letter),
            sender=f"{letter.sender}/{letter.about}",
            lat=where.lat if where else None,
            lon=where.lon if where else None,
            accuracy_m=where.radius_m if where else None,
            observed_at=letter.reported_at,
            passed_on=word,
        )
    ]
