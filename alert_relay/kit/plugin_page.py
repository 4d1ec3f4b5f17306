"""The reference page of a bridge or channel: what code knows of it, in an order that a person reads."""

from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.compat import StringIO

from services.ingest.web.words import Words
from shared.plugins.spec import (
    EVERYBODY,
    FOLLOWERS,
    SERVERS,
    Checks,
    FetchesReceipts,
    GivesReceipts,
    SeveralProviders,
    Spec,
    Threads,
    WritesBack,
)

_TESTED: Final = {
    "real": "Tested against the real server.",
    "replay": "Tested by replaying signed payloads; never run against the vendor.",
    "fake": "Tested against a stand-in that keeps the protocol; never run against the vendor.",
}
_WRITES_BACK: Final = (
    "**Writes back.** If its settings say how, people who report by it can be [asked one question]"
    "(../mechanisms/asking-back.md). The notifier needs the same bridges file and secrets for that.\n\n"
)
_CALLED: Final = (
    "**Is called.** Its source calls `https://YOUR-HUB/bridges/ID` for each message, and is answered when "
    "the report is stored.\n\n"
)
_READS: Final = (
    "**Reads its source.** Nothing is called from outside: ingest asks again and again, or keeps a "
    "connection open, and begins anew when it breaks. `relay status` shows how it stands.\n\n"
)
_RECEIPTS: Final = (
    "**Receipts.** What its provider says later, *delivered* or *failed*, comes into the ledger and to the "
    "desk, where the provider can reach the notifier (`RELAY_NOTIFIER_PUBLIC_URL`); else only *accepted* is "
    "known ([ADR 24](../adr/0024-receipts-come-in-at-the-notifier.md)).\n\n"
)
_FETCHES: Final = (
    "**Receipts.** What its provider says later, *delivered* or *failed*, is fetched into the ledger and to "
    "the desk, where its settings say from where; else only *accepted* is known "
    "([ADR 32](../adr/0032-mails-that-come-back.md)).\n\n"
)
_THREADS: Final = (
    "**Threads.** An update, the end and a correction answer the first message about their incident.\n\n"
)
_SEVERAL: Final = (
    "**Several providers.** Each is held by itself: where one doesn't answer or asks for a pause, what goes "
    "by the others goes.\n\n"
)
_CHECKS: Final = (
    "**Can be tested.** `relay bridge test ID` asks its source whether it knows us and can reach us, and "
    "sends nothing.\n\n"
)
_SENDERS: Final = {
    "account": "**Senders** are accounts: no stranger can write in their name.\n\n",
    "number": (
        "**Senders** can be forged, as phone numbers can: a member's yes by it needs a number that only they "
        "were sent ([the chat desk](../mechanisms/chat-desk.md)).\n\n"
    ),
}


def plugin_page(family: str, plugin: type[Any], *, grade: str | None = None) -> str:
    """The reference page of one plug-in, made from its spec, its class, and what the suite finds."""
    spec = plugin.spec
    example = StringIO()
    YAML().dump({"id": f"my-{spec.kind}", "kind": spec.kind, "settings": dict(spec.example)}, example)
    return (
        f"# {spec.title} ({family} `{spec.kind}`)\n\n{spec.summary}\n\n"
        f"**Who else can read it.** {spec.who_else_reads}\n\n"
        f"**Stability.** {spec.stability}. {_TESTED[spec.tested]}\n\n"
        f"{_found(spec, grade)}"
        f"{_pace(spec)}"
        f"{_of_a_bridge(plugin) if family == 'bridge' else ''}"
        f"{_WRITES_BACK if issubclass(plugin, WritesBack) else ''}"
        f"{_RECEIPTS if issubclass(plugin, GivesReceipts) else ''}"
        f"{_FETCHES if issubclass(plugin, FetchesReceipts) else ''}"
        f"{_THREADS if issubclass(plugin, Threads) else ''}"
        f"{_SEVERAL if issubclass(plugin, SeveralProviders) else ''}"
        f"{_parts(spec)}"
        f"## Settings\n\n| key | default | what |\n|---|---|---|\n{_settings(plugin)}\n\n"
        f"## Example\n\n```yaml\n{example.getvalue()}```\n"
    )


def _found(spec: Spec, grade: str | None) -> str:
    """The grade that the suite finds, where it was asked."""
    if grade is None:
        return ""
    criteria = "[criteria](../bridges/criteria.md)"
    return f"**Checked.** `relay bridge check {spec.kind}` finds it {grade} by the named {criteria}.\n\n"


def _of_a_bridge(plugin: type[Any]) -> str:
    """How reports come in by it, from whom, and what those are told."""
    spec: Spec = plugin.spec
    text = (_READS if hasattr(plugin, "read") else _CALLED) + _SENDERS[spec.senders]
    text += _CHECKS if issubclass(plugin, Checks) else ""
    if spec.read_by:
        whose = spec.read_by if spec.read_by in {SERVERS, FOLLOWERS, EVERYBODY} else "company"
        said = Words().say("en", f"read_by_{whose}", who=spec.read_by)
        text += f"**Its receipt says** in the reporter's language: *{said}*\n\n"
    return text


def _pace(spec: Spec) -> str:
    if spec.per_second is None:
        return ""
    most = f"{spec.per_second:g} messages a second"
    return f"**Pace.** At most {most} go out by one account: its provider says so.\n\n"


def _parts(spec: Spec) -> str:
    parts = (("Set up", spec.set_up), ("While nobody reads", spec.while_away), ("Good to know", spec.notes))
    return "".join(f"## {title}\n\n{text.strip()}\n\n" for title, text in parts if text)


def _settings(plugin: type[Any]) -> str:
    rows = []
    for name, field in plugin.Settings.model_fields.items():
        default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
        rows.append(f"| `{name}` | {default} | {field.description or ''} |")
    return "\n".join(rows)
