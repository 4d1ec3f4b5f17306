"""How a fit reads in a terminal: what cross-validation says of it, then each weight before and after."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alert_relay.cli.base import aligned, say

_MOST_CHANGED: Final = 8


def put_fit(found: Mapping[str, Any], *, every: bool) -> None:
    """Links, then kinds."""
    _put_links(found["links"])
    say("")
    _put_kinds(found["kinds"], every=every)


def _put_links(links: Mapping[str, Any]) -> None:
    title = f"Which incident: {links['messages']} messages, {links['pairs']} candidates"
    aligned(title, ("weights", "right"), [(name, _share(value)) for name, value in links["accuracy"].items()])
    say("(“before” may have been fitted on these very messages; “cross-validated” has not)\n")
    rows = [
        (w["name"], f"{w['prior']:.1f}", f"{w['old']:.2f}", f"{w['new']:.2f}", _arrow(w))
        for w in links["weights"]
    ]
    aligned("weights.toml", ("sign", "by hand", "before", "now", ""), rows)


def _put_kinds(kinds: Mapping[str, Any], *, every: bool) -> None:
    title = f"Which kind: {kinds['messages']} messages, and {kinds['sentences']} sentences to learn from"
    measures = kinds["measures"]
    names = list(next(iter(measures.values())))
    rows = [(way, *(_share(values[name]) for name in names)) for way, values in measures.items()]
    aligned(title, ("weights", *names), rows)
    say("")
    _put_languages(kinds["languages"])
    say("")
    _put_changes(kinds["weights"], every=every)


def _put_languages(languages: Mapping[str, Mapping[str, int]]) -> None:
    """Two mistakes can be made: noise taken for signal, signal taken for noise."""
    names = list(next(iter(languages.values()), {}))
    rows = [(language, *(counts[name] for name in names)) for language, counts in languages.items()]
    aligned("Noise and signal by language, cross-validated", ("language", *names), rows)


def _put_changes(weights: Sequence[Mapping[str, Any]], *, every: bool) -> None:
    shown = weights if every else _most_changed(weights)
    rows = [(w["kind"], w["feature"], f"{w['old']:.2f}", f"{w['new']:.2f}", _arrow(w)) for w in shown]
    aligned("kinds.toml", ("kind", "feature", "before", "now", ""), rows)
    if len(shown) < len(weights):
        say(f"… the most changed of each kind; --all shows all {len(weights)}.")


def _most_changed(weights: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for kind in dict.fromkeys(w["kind"] for w in weights):
        mine = sorted((w for w in weights if w["kind"] == kind), key=lambda w: -abs(w["new"] - w["old"]))
        found += [w for w in mine[:_MOST_CHANGED] if w["new"] != w["old"]]
    return found


def _arrow(weight: Mapping[str, Any]) -> str:
    change = weight["new"] - weight["old"]
    return "" if not change else f"{change:+.2f}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
