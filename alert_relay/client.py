"""The relay over HTTP, as the command line sees it: the front door and the console, nothing else.

Guarantees: every failure is one of two: nobody answers (`NotReachableError`) or the relay says
no (`SaidNoError`, with the refusal's own sentence). Tokens travel in a header only.
"""

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from shared.errors import RelayError, SettingsError

TIMEOUT_S: Final = 20.0
ACCEPTED: Final = 202


class NotReachableError(RelayError):
    """The relay does not answer. Start it with `relay up`, or name its address."""


class SaidNoError(RelayError):
    """The relay refused; the sentence is its own."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


class NotDecidedYetError(RelayError):
    """The relay has stored the command but not decided it yet; look again with `relay desk show`."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One installation: where its two doors are and as whom we come."""

    ingest: str
    console: str
    token: str | None = None
    home: Path | None = None

    @classmethod
    def at_home(cls, home: Path, *, ingest: str | None = None, console: str | None = None) -> "Hub":
        """The relay that last ran in this folder, as its operator, unless addresses are given."""
        run = _run_file(home)
        token = read_token(home / "operator.token") if (home / "operator.token").exists() else None
        return cls(
            (ingest or run.get("ingest") or "http://127.0.0.1:8080").rstrip("/"),
            (console or run.get("console") or "http://127.0.0.1:8081").rstrip("/"),
            token,
            home,
        )

    @property
    def runs_here(self) -> bool:
        """Whether we speak to a run of our own folder."""
        run = _run_file(self.home) if self.home else {}
        return bool(run.get("ingest") == self.ingest and run.get("console") == self.console)

    def others(self) -> dict[str, str]:
        """Addresses of the run's other parts, where we speak to a run of our own folder."""
        run, ours = _run_file(self.home) if self.home else {}, self.runs_here
        return {name: run[name] for name in ("router", "notifier", "postbox") if name in run and ours}

    def at_door(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """A request to ingest."""
        return call(method, self.ingest + path, body, headers or {})

    def at_desk(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the console, with our token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return call(method, self.console + path, body, headers)

    def command(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A desk command; raises `NotDecidedYetError` when its outcome is still open."""
        return _decided(self.at_desk("POST", f"/v1/desk/{name}", body))

    def preview(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the command would send to whom (`sends`), and what each group pays for it (`costs`)."""
        found: dict[str, Any] = self.at_desk("POST", f"/v1/desk/{name}/preview", body)
        return found

    def incidents(self, state: str = "open") -> list[dict[str, Any]]:
        """The incidents of our groups: `open` or `all`."""
        return _items(self._listed(state), "incidents")

    def desk_list(self, state: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The same, and the kill switches that keep what is decided about them from going out."""
        found = self._listed(state)
        return _items(found, "incidents"), list(found.get("stopped", ())) if isinstance(found, dict) else []

    def _listed(self, state: str) -> Any:
        return self.at_desk("GET", f"/v1/desk/incidents?{urlencode({'state': state})}")

    def incident(self, name: str) -> dict[str, Any]:
        """One incident by id or code."""
        found: dict[str, Any] = self.at_desk("GET", f"/v1/desk/incidents/{quote(name, safe='')}")
        return found

    def report(self, name: str) -> dict[str, Any]:
        """What became of a report, and why."""
        found: dict[str, Any] = self.at_desk("GET", f"/v1/desk/reports/{quote(name, safe='')}")
        return found

    def ledger(self, name: str) -> dict[str, Any]:
        """Who was told of an incident, and who was not and why."""
        found: dict[str, Any] = self.at_desk("GET", f"/v1/desk/incidents/{quote(name, safe='')}/ledger")
        return found

    def recipients(self, name: str, alert: str) -> Iterator[dict[str, Any]]:
        """What became of one message of ours to each recipient, asked for some at a time."""
        path = f"/v1/desk/incidents/{quote(name, safe='')}/ledger/{quote(alert, safe='')}"
        begins, total = 0, 1
        while begins < total:
            found = self.at_desk("GET", f"{path}?{urlencode({'from': begins})}")
            yield from found["recipients"]
            begins, total = begins + max(1, len(found["recipients"])), found["total"]

    def stopped(self) -> list[dict[str, Any]]:
        """The kill switches that are on: the hub's, and those of our groups."""
        return _items(self.at_desk("GET", "/v1/kill-switch"), "stopped")

    def duty(self) -> dict[str, Any]:
        """Our groups' shifts, and who is on duty."""
        found: dict[str, Any] = self.at_desk("GET", "/v1/duty")
        return found

    def duty_command(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A command about a shift; raises `NotDecidedYetError` when its outcome is still open."""
        return _decided(self.at_desk("POST", f"/v1/duty/{name}", body))

    def card(self, language: str) -> dict[str, Any]:
        """What whoever keeps a post is told."""
        found: dict[str, Any] = self.at_desk("GET", f"/v1/desk/card?{urlencode({'language': language})}")
        return found

    def held(self) -> dict[str, Any]:
        """Reports that wait for a person, what is muted, and which groups are in flood mode."""
        found: dict[str, Any] = self.at_desk("GET", "/v1/desk/held")
        return found

    def groups(self) -> list[dict[str, Any]]:
        """The groups in force."""
        return _items(self.at_desk("GET", "/v1/groups"), "groups")

    def test_channel(self, group: str, channel: str) -> dict[str, Any]:
        """Try a channel; how it ended, or that it is under way."""
        tested: dict[str, Any] = self.at_desk("POST", _test(group, channel), {})
        return tested

    def channel_test(self, group: str, channel: str) -> dict[str, Any]:
        """How the latest test of a channel ended, or that it is under way."""
        tested: dict[str, Any] = self.at_desk("GET", _test(group, channel))
        return tested

    def begin_exercise(self, group: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an exercise of a group; the answer holds the link to its form."""
        begun = self.at_desk("POST", f"/v1/groups/{quote(group, safe='')}/exercises", body)
        return _decided(begun)

    def exercise(self, group: str, exercise: str) -> dict[str, Any]:
        """How an exercise stands."""
        path = f"/v1/groups/{quote(group, safe='')}/exercises/{quote(exercise, safe='')}"
        found: dict[str, Any] = self.at_desk("GET", path)
        return found

    def end_exercise(self, group: str, exercise: str) -> dict[str, Any]:
        """End an exercise; what came of it."""
        path = f"/v1/groups/{quote(group, safe='')}/exercises/{quote(exercise, safe='')}/end"
        ended: dict[str, Any] = self.at_desk("POST", path, {})
        return ended

    def members(self) -> list[dict[str, Any]]:
        """Who may act."""
        return _items(self.at_desk("GET", "/v1/members"), "members")

    def add_member(self, name: str, roles: Mapping[str, str]) -> dict[str, Any]:
        """Let somebody act; the answer holds their token, this once."""
        added: dict[str, Any] = self.at_desk("POST", "/v1/members", {"name": name, "roles": dict(roles)})
        return added

    def invite(self, name: str, roles: Mapping[str, str], member: str | None = None) -> dict[str, Any]:
        """A link to come in by; the answer holds it, this once."""
        whom: dict[str, Any] = {"member": member} if member else {"roles": dict(roles)}
        made: dict[str, Any] = self.at_desk("POST", "/v1/invites", {"name": name, **whom})
        return made

    def dead(self) -> dict[str, Any]:
        """Messages that nobody could handle."""
        found: dict[str, Any] = self.at_desk("GET", "/v1/dead")
        return found

    def letter(self, name: str) -> dict[str, Any]:
        """One of them."""
        found: dict[str, Any] = self.at_desk("GET", f"/v1/dead/{quote(name, safe='')}")
        return found

    def about_letter(self, name: str, what: str, why: str) -> dict[str, Any]:
        """`retry` or `discard` it; raises `NotDecidedYetError` when its outcome is still open."""
        path = f"/v1/dead/{quote(name, safe='')}/{what}"
        return _decided(self.at_desk("POST", path, {"why": why}))

    def retry_dead(self, reason: str | None, why: str) -> dict[str, Any]:
        """Try again whatever can be; how many were, and how many stay."""
        body = {"why": why, **({"reason": reason} if reason else {})}
        tried: dict[str, Any] = self.at_desk("POST", "/v1/dead/retry", body)
        return tried

    def status(self) -> dict[str, Any]:
        """The console's picture of the installation."""
        answer: dict[str, Any] = self.at_desk("GET", "/v1/status")
        return answer


def _test(group: str, channel: str) -> str:
    return f"/v1/groups/{quote(group, safe='')}/channels/{quote(channel, safe='')}/test"


def _decided(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("outcome") == "pending":
        raise NotDecidedYetError
    return answer


def _items(answer: Any, key: str) -> list[dict[str, Any]]:
    return list(answer[key]) if isinstance(answer, dict) else list(answer)


def _run_file(home: Path) -> dict[str, Any]:
    try:
        run = json.loads((home / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


def read_token(path: Path) -> str:
    """A token from its file; raises `SettingsError` naming the file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"The token file {path} cannot be read ({error.strerror}).") from error


def default_home() -> Path:
    """RELAY_HOME, or .relay here."""
    return Path(os.environ.get("RELAY_HOME") or ".relay")


def call(method: str, url: str, body: Any, headers: Mapping[str, str]) -> Any:
    """One JSON request; raises `NotReachableError` or `SaidNoError`."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Accept": "application/json", **headers}, method=method)  # noqa: S310 - checked below
    if request.type not in {"http", "https"}:
        raise SettingsError(f"{url} is not an http or https address.")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - http(s) only, see above
            return json.loads(response.read() or b"null")
    except HTTPError as error:
        with error:
            raise _said_no(error.code, error.read()) from None
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NotReachableError(
            f"The relay does not answer at {request.host} ({reason}). Start it with `relay up`, "
            "or name its address (RELAY_INGEST_URL, RELAY_CONSOLE_URL)."
        ) from None
    except ValueError:
        raise SaidNoError(502, "not_json", f"{url} answered with something that is not JSON.") from None


def _said_no(status: int, body: bytes) -> SaidNoError:
    try:
        problem = json.loads(body)
        return SaidNoError(status, str(problem.get("code", status)), str(problem.get("detail", problem)))
    except (ValueError, AttributeError):
        return SaidNoError(status, str(status), f"The relay answered {status}.")
