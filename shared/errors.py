"""Every error a user or operator can meet, in one place.

The docstring is the default message: it says what is wrong and what to do. Errors that are
values (refusals, delivery outcomes) are not here; they are returned, not raised.
"""


class RelayError(Exception):
    """Something went wrong in the relay; the log around this line says what."""

    def __init__(self, message: str | None = None) -> None:
        """Take the class docstring's first line as the message unless one is given."""
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class SettingsError(RelayError):
    """A setting is missing or wrong; the message names the file, the key and the remedy."""


class UnsafeServerError(RelayError):
    """The NATS server would lose acknowledged messages in a power cut. Set `sync_interval: always`."""


class BusError(RelayError):
    """The message bus could not do what was asked."""


class BusUnavailableError(BusError):
    """NATS did not answer in time; whether the message was stored is unknown. Retry with the same id."""


class BusRefusedError(BusError):
    """The stream refused the message: it is full, the message is too large, or it is not permitted."""


class StaleWriterError(BusError):
    """Another router has written since this one read. Read on and decide again."""


class AlreadyStoredError(BusError):
    """A message of this batch is in the log already. Read on and decide again."""


class MissedTooMuchError(RelayError):
    """NATS was away for longer than an end of a subscription can be read; the notifier begins anew."""


class StateUnavailableError(RelayError):
    """Redis does not answer, so there is nothing to show just now. Reports and alerts go on without it."""


class StaleProjectionError(RelayError):
    """The read model is not where this projector left it: another wrote, or it was emptied. Read on."""


class MalformedMessageError(RelayError):
    """A message could not be read as any known type; it belongs in DEAD, with its origin."""


class UnsealedError(RelayError):
    """Private content was about to leave the process in clear. Seal the message first."""


class KeyUnavailableError(RelayError):
    """The KEYS stream or the master key could not be read; sealed content stays closed."""


class SpoolFullError(RelayError):
    """NATS is away and the local spool is full; the report was not accepted. Try again later."""


class GroupFileError(RelayError):
    """A group file is wrong; the message names file, line, key and remedy."""
