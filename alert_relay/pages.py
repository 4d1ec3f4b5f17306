"""Writes the pages that come from code, and checks that every link in the documents leads somewhere.

Plug-ins' pages come from their specs, the settings page from the settings classes, the messages from
their templates, the metrics from their definitions.
`python -m alert_relay.pages` writes them; with `--check` it writes nothing, names what is
stale or broken, and exits 1.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic.fields import FieldInfo

from alert_relay.conformance.ours import BY_KIND as CASES
from alert_relay.kit.criteria_page import criteria_page
from alert_relay.kit.plugin_page import plugin_page
from alert_relay.messages.page import messages_page
from services.console import metrics as console_metrics
from services.console.settings import ConsoleSettings
from services.ingest import metrics as ingest_metrics
from services.ingest.settings import IngestSettings
from services.notifier import metrics as notifier_metrics
from services.notifier.settings import NotifierSettings
from services.router import metrics as router_metrics
from services.router.settings import RouterSettings
from shared.metrics import COMMON, SECONDS, Metric
from shared.permissions import OWN, ROLES, meaning, name_of, table
from shared.plugins.conformance.run import checked
from shared.plugins.registry import load_plugins
from shared.settings import ServiceSettings

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "plugins"
SETTINGS = ROOT / "docs" / "operating" / "settings.md"
ROLES_PAGE = ROOT / "docs" / "operating" / "roles.md"
METRICS_PAGE = ROOT / "docs" / "operating" / "metrics.md"
MESSAGES = ROOT / "docs" / "messages.md"
CRITERIA = ROOT / "docs" / "bridges" / "criteria.md"
FAMILIES = {
    "bridge": (ROOT / "services/ingest/bridges/MANIFEST", "alert_relay.bridges"),
    "channel": (ROOT / "services/notifier/channels/MANIFEST", "alert_relay.channels"),
}
FOR_AUTHORS = """
## A bridge that writes back

A bridge may be able to write to whoever reported by it: then its class has `write_back` too (`WritesBack` in
`alert_relay.plugins`), and gives each report a `contact`. The notifier calls it with that contact, a short
text and a key that stays the same at every attempt; it answers as a channel does: `Delivered`, `RetryLater`,
`Rejected`, `BadCredentials` or `Unknown`. `Unknown` is for what may have arrived: it is tried once more and
no more. Secrets for sending are resolved there, by `host.secrets`, so that the front door needs none of
them; the front door's own are still read by the constructor. A bridge whose settings do not say how answers
`CANNOT_WRITE_BACK`, and one without `write_back` is recorded so: [asking back](../mechanisms/asking-back.md).

## A bridge whose source hands on a long message in parts

Where each part comes by a call of its own, the bridge gives each its own `source_id`, and says in `part`
which one it is. The host lets the calls wait for one another, four seconds at most, and stores one report;
what is not complete by then is stored part by part. Each call is answered once its words are stored; a part
that is told again by itself is known in the whole that is stored.

## A bridge that is called, and how it differs from the others

What a provider's calls need beyond a POST of at most 64 kB stands in the spec or is a method. Where it asks
by a GET whether the address is ours before it calls, the class has `handshake` too (`Asked`), which answers
with `Answered` or `Refused`. Where its calls can be larger, `max_body` says how large; of those beyond 64
kB a few are read at a time. Where the answer to a call can carry no receipt, `receipts="message"` makes the
host send it by `write_back`: once, and never in the way of the answer.

A receipt says in its reader's language who else can read what is written there, if `read_by` names a
company, or is `SERVERS` where that is whoever runs the servers. SMS has no room for it. Where it differs
from one message to the next, as with posts, a report has a `read_by` of its own: `FOLLOWERS`, `EVERYBODY`.

## A bridge whose account takes part

Where an account of ours has to come in, look who is there and thank by calls of its own (Matrix), the class
has `learn`, `follow_up`, `settle`, `trusts` and `max_body` as well (`TakesPart`). Its source may call any
path below `/bridges/ID`. The host calls `learn` before `parse`: what it cannot find out now it refuses with
a 503, and the source sends it again. Then the reports are stored, then `follow_up` acts; the source is
answered when that is done, so that whatever a crash interrupts comes once more. After five seconds it goes
on behind the answer, so that a slow third party holds up no report. Both are called again for the same
request, so they must do a thing twice without harm. What a follow-up answers with `RetryLater`, `Unknown`
or `BadCredentials` makes the host call `settle`, again and again with pauses that grow; it is called at the
start too. A message's id is unique at such a source: the same id is the same report, however it was read.
Reports that no request brought go to `host.take`.

## A bridge that reads its source

A source that calls us has a webhook: the class has `parse` and `answer` (`Bridge`). One that we must ask,
by a stream or a long poll, has `read` instead (`Reads`). The host calls `read` again and again for as long
as it runs, with pauses that grow. The bridge says `host.connected()` once the source is open, hands each
report to `host.take` and reads on, or acknowledges, only when that returns: then it is stored. It counts
what is none with `host.ignored`. When the source breaks off it returns why: `RetryLater`, with `after_s` if
the source wants us to wait, or `BadCredentials`, for which a person is needed. Out of that the host makes
the state that operators see: CONNECTING, CONNECTED, TRANSIENT_DISCONNECT, RATE_LIMITED or BAD_CREDENTIALS.
Whatever a bridge raises is caught, counted and tried again, and touches no other. The same `source_id` is
the same report, for 14 days: so a source may tell a message again, and no place in it need be kept.
Receipts are sent by `write_back`, if there is one.

A source that says something all the time, be it only that it is there, has `silent_s` in its spec, and
the bridge says `host.alive()` at each sign of life: then one that hangs is ended and read anew. Whatever
a bridge does between two awaits holds up all others. After a second of that it is named in the front
door's log (`loop_blocked`) and counted (`bridge.ID.blocked`); after a minute the process ends and is
started again.

## A bridge that can be tested

Where a source can be asked whether it knows us, and can reach us, the class has `check` (`Checks`): it
answers as `write_back` does, with the source's own `words` if something is wrong, reads no message and
changes nothing. `relay bridge test ID` calls it, after settings and secrets, and says how the front door
finds that it stands.

## What no bridge has to think of

A report of the same `source_id` is the same report. An alert of ours that somebody passes on is no
report, by whichever bridge it comes: it is known by its status, its incident's code and its time, and
what is written beside it is judged alone. A message that goes from one chat to another is one voice from
two chats, since copies count once. A sender who writes more than thirty reports within an hour is a
machine, or passes on a whole chat: what they write is stored and joins what is known, but opens nothing
until a person lets it (`sender_floods`), and is counted (`bridge.ID.quarantined`). So a bridge gives each
person a `sender` of their own, where its source knows them, and drops what its own account wrote, by the
source's id of it.

Where a source tells of edits and of when the message was first written, the bridge hands the edit on as a
report with an id of its own and `first_said_at`: within half an hour it is one more message of its
sender's, with no receipt; later, or of a reply to the desk, the host counts it and takes none. What a
message said before stays, and a deletion takes nothing back: only people do.

## Code that you do not trust

A bridge in a file runs inside the front door and can read what passes through it. Code that you do not
trust runs anywhere else and sends reports to `POST /v1/reports` with a key of its own, which may have a
bridge's name (`bridge:` in the keys file): that needs no interface at all, and a key can be taken away.

## What the provider said

A channel is tested by its group's admin, who sees what the provider answered. So `Rejected`, `RetryLater`
and `BadCredentials` take `words`: the provider's own text as it came, and nothing of ours. `from_status`
fills it from an HTTP answer's body. The host cuts it, cleans it of secrets, addresses and numbers, seals it
for a test and forgets it for anything else; it takes no part in comparing outcomes and stands in no `repr`,
so in no log.

## A channel whose provider says what became of a message

`Delivered` means that the provider took it, no more. A channel whose provider calls back later has
`receipts` too (`GivesReceipts`): it gives the provider `host.receipts_url` (empty where the hub has no such
address; it may append a query of its own), checks the signature of what comes back, and answers
`DeliveryReceipt`s with the `provider_id` of that `Delivered`, or `Ignored`, or `Refused`. The host drops ids
that the ledger does not know, records what is new, and answers the provider once that is stored; so a
plug-in keeps nothing. A provider that asks first whether the address is ours gets an `Answered`. Where its id
of a message has the recipient's number in it, as WhatsApp's has, the channel gives a name of its own
instead: the ledger holds no address.

## A channel whose provider does not call, and can be asked

It has `fetch_receipts` instead (`FetchesReceipts`): the host calls it again and again, as `read` of a bridge.
It says `host.connected()`, hands what it is told to `host.take`, and acknowledges to the provider when that
returns: then it is recorded. Where its settings name nobody to ask, it returns None. It binds to `host.name`
whatever it gives its messages to be known by, so that channels with one account know their own; where that
is empty, nobody will ask.

## A channel whose messages can answer each other

Its class has `reply` too (`Threads`). The host calls it instead of `send` for all that follows the first
message about an incident, with the `provider_id` of that one, which it knows from the ledger: an update, the
end and a correction stand below what they are about. Where that message is gone, or never was there, `reply`
sends the words by themselves. No channel edits what it sent: an edit rings nobody's phone.

## A channel whose addresses lie with several providers

Its class has `provider` too (`SeveralProviders`), which says of each address whose it is, as Web Push knows
a browser's maker by the host. The host then mixes no two of them in one chunk and keeps a gate before each:
where one asks for a pause, nobody else waits.

## A channel that everybody can read

Its settings say so (`public`). Then it takes nothing but what goes to the community: `relay group check` and
the group's page refuse another audience, and the notifier sends nothing there (`not_for_public`).

## Channels that are SMS

Their spec says `sms=True`, so that a preview counts segments (`sms_length` counts them), and `max_chars` is
306: then the words are plain letters in two segments wherever they can be.

## A bridge that sits in a group's own chat

People write there to each other. What is meant for the relay says `meant_in_chat`, the same for every
bridge: what is addressed to it, has the hashtag of its settings, or is a reply to the desk. All else is
`Ignored(GROUP_TALK)`: counted, and neither stored nor logged nor answered. The chat is told so by
`told_in_chat` when the account comes in, unless the settings say otherwise (`tells_chats`): in the answer
to the call that says so (`Ignored.answer`), or by a message of its own. A chat that its source remembers
for the bridge is told once; a bridge that cannot know, says on its page how often it tells.

## Members who write to the desk

What an enrolled member writes comes in as any report ([the chat desk](../mechanisms/chat-desk.md)). A
bridge does three things for it. Its spec says `senders="account"` if nobody else can write in a sender's
name at that source; else leave it, and a member's yes needs a number that only they were sent. Where it
hears a group's talk it takes up what is meant for the desk (`meant_in_chat`: a word of the desk and a
code); an answer to an alert gets that alert's code by `with_code_of` first. And it
gives such a message the group's chat as `reply_to`, never as `contact`: a report in a group is answered
nowhere.
"""
METRICS_HEAD = """# Metrics

Generated from the services' definitions by `make docs`. Names and labels are stable: a change of one is
told in the changelog. All are counts and health; none holds a report's text, a contact, an id, a group's or
a channel's name.

Each service serves `GET /metrics` at a port of its own, apart from the doors that strangers reach, and only
where one is set:

```sh
RELAY_INGEST_METRICS_PORT=9180 RELAY_CONSOLE_METRICS_PORT=9181
RELAY_ROUTER_METRICS_PORT=9182 RELAY_NOTIFIER_METRICS_PORT=9183
```

It listens on `RELAY_METRICS_HOST`, by default on this machine alone. Whoever reaches it can read it, and
how much comes in, and when, is worth something to an adversary: let Prometheus run on the same machine or
on a private network of yours, and let no proxy hand it on. A TLS proxy that hands on the doors' ports, as
it should, cannot show it by mistake.

What cannot be asked at a moment (NATS or Redis away) is left out of that scrape, and never a nought.
Counters begin anew with the process. Where several processes of a service run, add them up; the ledger and
`relay status` have the totals of the log. [deploy/prometheus](../../deploy/prometheus/prometheus.yml) has a
configuration for Prometheus and rules that say what is wrong, each with a [runbook](runbooks/README.md).
Latencies are histograms with the bounds {bounds} seconds.
"""
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> Mapping[Path, str]:
    """Every generated page and what it should hold."""
    found: dict[Path, str] = {}
    rows = []
    for family, (manifest, group) in FAMILIES.items():
        for kind, plugin in sorted(load_plugins(manifest, group).items()):
            found[PAGES / f"{family}-{kind}.md"] = plugin_page(family, plugin, grade=_grade(family, kind))
            rows.append(f"| [{plugin.spec.title}]({family}-{kind}.md) | {family} | {plugin.spec.summary} |")
    head = (
        "# Bridges and channels\n\nGenerated from the plug-ins' own specs by `make docs`. "
        "To write one, begin with the [tutorial](../bridges/tutorial.md).\n\n"
    )
    head += "| name | what | in one line |\n|---|---|---|\n"
    found[PAGES / "README.md"] = head + "\n".join(rows) + "\n" + FOR_AUTHORS
    found[SETTINGS] = _settings_page()
    found[ROLES_PAGE] = _roles_page()
    found[METRICS_PAGE] = _metrics_page()
    found[MESSAGES] = messages_page()
    found[CRITERIA] = criteria_page()
    return found


def _grade(family: str, kind: str) -> str | None:
    """What the suite finds of a bridge whose case comes with the relay."""
    case = CASES.get(kind) if family == "bridge" else None
    return checked(case).grade if case is not None else None


def _roles_page() -> str:
    text = (
        "# Who may do what\n\nGenerated from `shared/permissions.py` by `make docs`: the table by which the "
        "router decides, which the page `/members/roles` and `relay member roles` show too.\n\n"
        f"| act | what | {' | '.join(ROLES)} |\n|---|---|{'---|' * len(ROLES)}\n"
    )
    for name, words, may in table():
        text += f"| `{name}` | {words} | {' | '.join('yes' if it else '' for it in may)} |\n"
    own = "".join(f"- `{name_of(act)}`: {meaning(act)}\n" for act in sorted(OWN, key=name_of))
    return (
        f"{text}\nEvery member may, whatever their role:\n\n{own}\n"
        "An admin does this for their own group alone, never to a member who is in another group too, and "
        "appoints no operators. An operator sees queues, figures and health of the whole hub, and not the "
        "words and places of a group's reports, nor who is told.\n"
    )


def _settings_page() -> str:
    text = (
        "# Settings\n\nGenerated from the services' settings classes by `make docs`. Every service reads "
        "its settings once, at its start, from the environment; a wrong value stops the start with one "
        "sentence that names it.\n"
    )
    shared = ServiceSettings.model_fields
    families: tuple[tuple[str, type[ServiceSettings], set[str]], ...] = (
        ("All services", ServiceSettings, set()),
        ("ingest", IngestSettings, set(shared)),
        ("router", RouterSettings, set(shared)),
        ("notifier", NotifierSettings, set(shared)),
        ("console", ConsoleSettings, set(shared)),
    )
    for title, model, known in families:
        text += f"\n## {title}\n\n| variable | default | what |\n|---|---|---|\n"
        rows = [(n, f) for n, f in model.model_fields.items() if n not in known]
        text += "".join(f"| `RELAY_{n.upper()}` | {_default(f)} | {_words(f)} |\n" for n, f in rows)
    return text


def metrics_by_service() -> Mapping[str, tuple[Metric, ...]]:
    """Every metric that there is, by the service that has it."""
    return {
        "ingest": ingest_metrics.METRICS,
        "router": router_metrics.METRICS,
        "notifier": notifier_metrics.METRICS,
        "console": console_metrics.METRICS,
    }


def _metrics_page() -> str:
    text = METRICS_HEAD.format(bounds=", ".join(f"{bound:g}" for bound in SECONDS))
    text += _metrics_table("Every service", COMMON)
    for service, metrics in metrics_by_service().items():
        text += _metrics_table(service, [m for m in metrics if m not in COMMON])
    return text


def _metrics_table(title: str, metrics: Sequence[Metric]) -> str:
    rows = "".join(f"| `{m.name}` | {m.kind} | {m.what} | {_labels(m)} |\n" for m in metrics)
    return f"\n## {title}\n\n| metric | kind | what | labels |\n|---|---|---|---|\n{rows}"


def _labels(metric: Metric) -> str:
    return "; ".join(f"`{name}`: {holds}" for name, holds in metric.labels.items())


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f"`{value}`"


def _words(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def broken_links() -> Iterator[str]:
    """Relative links in Markdown files that lead nowhere."""
    for page in _documents():
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if "://" in target or target.startswith(("#", "mailto:")):
                continue
            if not (page.parent / target.split("#")[0]).exists():
                yield f"{page.relative_to(ROOT)}: the link {target} leads nowhere"


def _documents() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in ("docs", "examples", "bench", "deploy"):
        yield from (ROOT / folder).rglob("*.md")


def stale() -> list[str]:
    """What is out of date or broken, a sentence each."""
    wanted = pages()
    present = set(PAGES.glob("*.md"))
    old = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    outdated = [
        f"{p.relative_to(ROOT)} is stale; run: make docs" for p in sorted({*old, *(present - wanted.keys())})
    ]
    return outdated + list(broken_links())


def main() -> int:
    """Entry point of `python -m alert_relay.pages [--check]`."""
    if "--check" not in sys.argv[1:]:
        wanted = pages()
        PAGES.mkdir(parents=True, exist_ok=True)
        for page in set(PAGES.glob("*.md")) - wanted.keys():
            page.unlink()
        for page, text in wanted.items():
            page.write_text(text, encoding="utf-8")
    problems = stale()
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
