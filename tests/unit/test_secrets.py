"""References of a group's admin reach the group's secrets and never the hub's own."""

from pathlib import Path

import pytest

from shared.errors import SettingsError
from shared.secrets import ReferencedSecrets


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "keys" / "master.key"
    file.parent.mkdir()
    file.write_text("the master key\n")
    return file


def test_what_a_reference_stands_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUP_TOKEN", "t")
    (tmp_path / "token").write_text("t2\n")
    secrets = ReferencedSecrets(never=[])
    assert secrets.resolve("env:GROUP_TOKEN") == "t"
    assert secrets.resolve(f"file:{tmp_path / 'token'}") == "t2"


@pytest.mark.parametrize(
    "wrong", ["GROUP_TOKEN", "env:", "file:", "http:x", "env:NOT_THERE", "file:/not/there"]
)
def test_what_is_wrong_is_named(wrong: str) -> None:
    with pytest.raises(SettingsError):
        ReferencedSecrets().resolve(wrong)


def test_a_file_that_is_no_text_is_named_not_raised(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="it is no text"):
        ReferencedSecrets().resolve(f"file:{tmp_path / 'token'}")


def test_the_hubs_own_secrets_are_no_channels(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_NATS_URL", "nats://notifier:hush@host")
    (tmp_path / "link").symlink_to(key)
    guarded = ReferencedSecrets(never=[key])
    roundabout = key.parent / ".." / "keys" / "master.key"
    for reference in (
        "env:RELAY_NATS_URL", "env:relay_nats_url", f"file:{key}", f"file:{roundabout}",
        f"file:{tmp_path / 'link'}", "file:/proc/self/environ", "file:/proc/self/../self/environ",
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="is the hub's own") as refused:
            guarded.resolve(reference)
        assert "hush" not in str(refused.value)


def test_an_operators_own_files_may_name_whatever_they_like(key: Path) -> None:
    assert ReferencedSecrets().resolve(f"file:{key}") == "the master key"
