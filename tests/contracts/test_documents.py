"""The documents are true as far as a machine can tell: generated pages are fresh, links lead somewhere."""

from alert_relay.pages import stale


def test_plugin_pages_are_fresh_and_links_lead_somewhere() -> None:
    assert stale() == []
