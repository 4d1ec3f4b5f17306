"""The conformance suite for bridges: one class to derive from, for our bridges and third parties'.

A bridge's author hands over captured requests and a way to sign any body as the source would;
the suite then checks what the host relies on. Needs pytest and hypothesis (development only).
"""

# ruff: noqa: D102, S101 - these are tests: their names are their sentences, and they assert

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import SettingsError
from shared.plugins.spec import (
    Bridge,
    Ignored,
    IncomingReport,
    Receipt,
    Refused,
    TakesPart,
    WebhookRequest,
    WebhookResponse,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
_FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
_CLIENT_ERROR = range(400, 500)


@dataclass(frozen=True)
class BridgeCase:
    """A bridge and what the source sends it."""

    bridge: type[Bridge]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    """Reference → value, as the settings refer to them."""
    bodies: Mapping[str, bytes]
    """Captured bodies that hold one report each, by a name."""
    sign: Callable[[bytes, Mapping[str, str]], WebhookRequest]
    """The request with that body, signed as the source does with these secrets."""
    private: tuple[str, ...]
    """Words and numbers in the bodies that must not appear in any refusal or log."""
    teach: Callable[[Any], None] = lambda _bridge: None
    """What the bridge has learnt from its source before (`TakesPart`)."""

    def make(self) -> Bridge:
        """The bridge with its settings."""
        bridge = self.bridge(self.bridge.Settings.model_validate(self.settings), CaseSecrets(self.secrets))
        self.teach(bridge)
        return bridge

    def signed(self, body: bytes) -> WebhookRequest:
        """The body, signed rightly."""
        return self.sign(body, self.secrets)

    def forged(self, body: bytes) -> WebhookRequest:
        """The body, signed with secrets of somebody else's."""
        return self.sign(body, {name: value[::-1] + "x" for name, value in self.secrets.items()})


@dataclass(frozen=True)
class CaseSecrets:
    """The secrets of a case."""

    values: Mapping[str, str]

    def resolve(self, reference: str) -> str:
        """The value behind a reference."""
        if reference not in self.values:
            raise SettingsError(f"The secret {reference} is not set.")
        return self.values[reference]


class BridgeConformance:
    """Derive, name the class Test…, and set `case`."""

    case: ClassVar[BridgeCase]

    def test_its_spec_is_its_documentation(self) -> None:
        spec = self.case.bridge.spec
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", spec.kind)
        assert all(text.strip() for text in (spec.title, spec.summary, spec.who_else_reads))
        assert self.case.bridge.Settings.model_validate(spec.example)

    def test_a_misspelt_setting_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            self.case.bridge.Settings.model_validate({**self.case.settings, "no_such_setting": 1})

    def test_a_missing_secret_is_a_settings_error(self) -> None:
        with pytest.raises(SettingsError):
            dataclasses.replace(self.case, secrets={}).make()

    def test_each_captured_body_is_one_report(self) -> None:
        for name, body in self.case.bodies.items():
            (report,) = self.reports(body)
            assert report.source_id, name
            assert report.text or report.lat is not None, name

    def test_the_same_request_is_the_same_report(self) -> None:
        for body in self.case.bodies.values():
            assert self.reports(body) == self.reports(body)

    def test_different_messages_have_different_ids(self) -> None:
        ids = [self.reports(body)[0].source_id for body in self.case.bodies.values()]
        assert len(set(ids)) == len(ids)

    def test_a_forged_signature_is_refused(self) -> None:
        for body in self.case.bodies.values():
            self.assert_refused(self.case.forged(body))

    def test_a_missing_signature_is_refused(self) -> None:
        for body in self.case.bodies.values():
            request = self.case.signed(body)
            kept = {k: v for k, v in request.headers.items() if not k.startswith(("x-", "authorization"))}
            self.assert_refused(dataclasses.replace(request, headers=kept))

    @given(body=st.binary(max_size=300))
    @_FEW
    def test_any_bytes_are_answered_not_raised(self, body: bytes) -> None:
        self.assert_answered(self.case.signed(body))

    @given(value=_JSON)
    @_FEW
    def test_any_json_is_answered_not_raised(self, value: Any) -> None:
        self.assert_answered(self.case.signed(json.dumps(value).encode()))

    @given(data=st.data())
    @_FEW
    def test_a_spoilt_capture_is_answered_not_raised(self, data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(sorted(self.case.bodies.values())))
        cut = data.draw(st.integers(0, len(body)))
        self.assert_answered(self.case.signed(body[:cut]))
        try:
            value = json.loads(body)
        except ValueError:
            return
        self.assert_answered(self.case.signed(json.dumps(_spoil(value, data)).encode()))

    @given(headers=st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
    @_FEW
    def test_any_headers_are_answered_not_raised(self, headers: dict[str, str]) -> None:
        body = next(iter(self.case.bodies.values()))
        request = self.case.signed(body)
        spoilt = {name: "\udce9" + value for name, value in request.headers.items()}
        for changed in (headers, {**request.headers, **headers}, spoilt):
            self.assert_answered(dataclasses.replace(request, headers=changed))

    def test_the_answer_carries_any_words(self) -> None:
        nasty = "<Response>&\"'\u202e]]> {}"
        for reports in ([], *([report] for report in map(self.one, self.case.bodies.values()))):
            receipts = [Receipt(report_id="rabc", text=nasty, contact=report.contact) for report in reports]
            answer = self.case.make().answer(receipts)
            assert isinstance(answer, WebhookResponse)
            assert answer.status in range(200, 300)
            if "xml" in answer.content_type:
                assert "".join(ET.fromstring(answer.body).itertext()) in ("", nasty)  # noqa: S314 - ours
            if "json" in answer.content_type:  # where it carries no words, receipts go another way
                told = json.loads(answer.body)
                assert nasty in told.values() or (not told and isinstance(self.case.make(), TakesPart))

    def test_it_shows_no_secret(self) -> None:
        bridge = self.case.make()
        for secret in self.case.secrets.values():
            assert secret not in repr(bridge)

    def one(self, body: bytes) -> IncomingReport:
        """The only report in a signed body."""
        return self.reports(body)[0]

    def reports(self, body: bytes) -> list[IncomingReport]:
        """The reports in a signed body."""
        parsed = self.case.make().parse(self.case.signed(body))
        assert not isinstance(parsed, Refused | Ignored), parsed
        return list(parsed)

    def assert_refused(self, request: WebhookRequest) -> None:
        """Refused with a 4xx that repeats nothing of the request and no secret."""
        refused = self.case.make().parse(request)
        assert isinstance(refused, Refused)
        self.assert_clean(refused)

    def assert_answered(self, request: WebhookRequest) -> None:
        """Answered with a value, whatever came."""
        parsed = self.case.make().parse(request)
        if isinstance(parsed, Refused):
            self.assert_clean(parsed)
        elif not isinstance(parsed, Ignored):
            assert all(isinstance(report, IncomingReport) for report in parsed)

    def assert_clean(self, refused: Refused) -> None:
        """A refusal as the host needs it."""
        assert refused.status in _CLIENT_ERROR
        assert re.fullmatch(r"[a-z0-9_]+", refused.code)
        shown = refused.code + refused.detail
        assert not any(word in shown for word in (*self.case.private, *self.case.secrets.values()))


def _spoil(value: Any, data: st.DataObject) -> Any:
    """The same JSON with one part of it replaced by something else."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _spoil(value[key], data)}
    return data.draw(_JSON)
