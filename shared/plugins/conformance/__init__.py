"""The conformance suites for bridges and channels, ours and third parties': one suite, two users.

Tests run them (`shared.plugins.testing`, `shared.plugins.channel_testing`), and so do `relay bridge check`
and `relay channel check`. They need nothing that an installed relay has not. Third parties import them from
`alert_relay.conformance`.
"""
