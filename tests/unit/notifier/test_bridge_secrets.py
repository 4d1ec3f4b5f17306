"""The operator's bridges may refer to what no group's channel may: their file is the operator's."""

from pathlib import Path

import pytest

from services.notifier.channels import load_channels
from services.notifier.directory import Directory
from services.notifier.reporters import OneReporter
from shared.contracts.alerts import QuestionBody
from shared.contracts.groups import ChannelDefinition
from shared.plugins.bridge_file import read_bridges
from shared.plugins.channel_testing import a_host
from shared.plugins.spec import BadCredentials, ChannelHost
from shared.secrets import ReferencedSecrets

BRIDGES = """
- id: matrix
  kind: matrix
  settings:
    homeserver: http://127.0.0.1:9
    user_id: "@relay:example.org"
    hs_token: env:RELAY_MATRIX_HS_TOKEN
    as_token: env:RELAY_MATRIX_AS_TOKEN
"""


async def test_a_bridge_has_the_hubs_own_secret_and_a_channel_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HS", "AS"):
        monkeypatch.setenv(f"RELAY_MATRIX_{name}_TOKEN", f"{name}-token-of-the-test")
    (tmp_path / "bridges.yaml").write_text(BRIDGES)
    settings = {"homeserver": "http://127.0.0.1:9", "token": "env:RELAY_MATRIX_AS_TOKEN", "to": ["!r"]}
    channel = ChannelDefinition(id="chat", kind="matrix", audience="verifiers", settings=settings)
    async with a_host({}) as lent:
        host = ChannelHost(http=lent.http, secrets=ReferencedSecrets(never=[]))
        bridges = read_bridges(tmp_path / "bridges.yaml")
        directory = Directory(load_channels(), host, bridges, bridge_secrets=ReferencedSecrets())
        body = QuestionBody(bridge="matrix", address="!direct:example.org", asks="where", language="en")
        assert isinstance(directory.reporters.channel(body), OneReporter)
        refused = directory.channel("hackney", 1, channel)
        assert isinstance(refused, BadCredentials)
        assert "token-of-the-test" not in str(refused.words)


async def test_a_bridge_that_is_added_while_it_runs_is_written_back_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HS", "AS"):
        monkeypatch.setenv(f"RELAY_MATRIX_{name}_TOKEN", f"{name}-token-of-the-test")
    file = tmp_path / "bridges.yaml"
    body = QuestionBody(bridge="matrix", address="!direct:example.org", asks="where", language="en")
    async with a_host({}) as lent:
        host = ChannelHost(http=lent.http, secrets=ReferencedSecrets())
        directory = Directory(load_channels(), host, {})
        assert directory.reporters.definition(body).kind == "unknown"
        file.write_text(BRIDGES)
        await directory.use_bridges(read_bridges(file))
        first = directory.reporters.channel(body)
        assert isinstance(first, OneReporter)
        assert directory.reporters.definition(body).kind == "matrix"
        file.write_text(BRIDGES.replace("@relay:", "@other:"))
        await directory.use_bridges(read_bridges(file))
        changed = directory.reporters.channel(body)
        assert isinstance(changed, OneReporter)
        assert changed._bridge is not first._bridge
        await directory.use_bridges(read_bridges(file))
        same = directory.reporters.channel(body)
        assert isinstance(same, OneReporter)
        assert same._bridge is changed._bridge
