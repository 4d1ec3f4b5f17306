"""By what those are written to who left a phone number or an e-mail address on the form.

RELAY_INGEST_CONTACTS_FILE, a YAML file of the operator's, checked whole before the start:

email:                          # any or none of the two
  kind: smtp
  settings: {host: mail.hub.example, username: relay, password: env:SMTP_PASSWORD, sender: relay@hub.example}
phone:
  kind: kannel                  # any channel that texts
  settings: {url: "http://127.0.0.1:13013", username: relay, password: env:KANNEL_PASSWORD, sender: "+44…"}
  answers: sms-london           # the bridge that takes in what is texted to that sender, if there is one
  countries: [GB]               # whose mobile numbers are texted

The settings are the channel's, without `to`: whom it writes to is the report's contact. The front door asks
for no kind of contact that does not stand there, and keeps none. The notifier writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contacts import Contact, Country, EmailAddress, PhoneNumber, Reach
from shared.contracts.base import Slug
from shared.errors import SettingsError
from shared.plugins.bridge_file import BridgeEntry
from shared.plugins.registry import load_plugins
from shared.plugins.spec import Channel, ChannelHost, PluginSettings
from shared.yaml_file import read_yaml, where

MANIFEST: Final = Path(str(resources.files("services.notifier.channels"))) / "MANIFEST"
"""Found by name, as in `bridge_file`: whoever opens them imports no service."""
ENTRY_POINTS: Final = "alert_relay.channels"
FORM: Final = "web"
"""The bridge that the form's reports come in by."""
_EMAIL_KIND: Final = "smtp"
_STAND_IN: Final = {"email": "nobody@counted.invalid", "phone": "+447400123456"}
"""Whom the channel is made for, since it must be made for somebody; nobody is ever written to there."""


class _Way(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    settings: dict[str, Any] = {}
    per_hour: int = Field(default=60, ge=1)
    """Questions an hour at the most: whoever types strangers' contacts makes them no flood, us no bill."""


class _Phone(_Way):
    answers: Slug | None = None
    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = ("GB",)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    email: _Way | None = None
    phone: _Phone | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One channel for one kind of contact."""

    plugin: type[Any]
    settings: PluginSettings
    per_hour: int
    answers: str | None = None
    """The bridge that their answers come in by; None: they answer by the form."""

    @property
    def kind(self) -> str:
        """The channel's kind."""
        return str(self.plugin.spec.kind)

    @property
    def name(self) -> str:
        """What the hub calls it (`hub/smtp`); no group is called so."""
        return f"hub/{self.kind}"

    def open(self, host: ChannelHost) -> Channel:
        """The channel, with its secrets. Raises `SettingsError` where one is missing."""
        made: Channel = self.plugin(self.settings, replace(host, name=self.name))
        return made


@dataclass(frozen=True, slots=True)
class FormContacts:
    """What the hub can do for those who report by its form; by default nothing."""

    email: Way | None = None
    phone: Way | None = None
    reach: Reach = field(default_factory=Reach)

    def way(self, contact: Contact | None) -> Way | None:
        """How this contact is written to, if at all."""
        if isinstance(contact, EmailAddress):
            return self.email
        return self.phone if isinstance(contact, PhoneNumber) else None


def read_contacts(path: Path | None, bridges: Mapping[str, BridgeEntry], *, form_url: str) -> FormContacts:
    """The file's ways. Raises `SettingsError` naming file, key and remedy."""
    if path is None:
        return FormContacts()
    try:
        given = _File.model_validate(read_yaml(path) or {})
    except ValidationError as error:
        raise SettingsError(f"{path}: {where(error, 'entry')}") from None
    kinds = load_plugins(MANIFEST, ENTRY_POINTS)
    answers = _answers(path, given.phone, bridges)
    email, phone = _way(path, "email", given.email, kinds), _way(path, "phone", given.phone, kinds, answers)
    if not form_url and (email or (phone and not answers)):
        raise SettingsError(
            f"{path}: whoever is asked and can't answer in return answers by the form; "
            "set RELAY_INGEST_PUBLIC_URL to its address."
        )
    countries = given.phone.countries if given.phone else ()
    return FormContacts(email, phone, Reach(email=email is not None, countries=countries))


def _way(
    path: Path, name: str, given: _Way | None, kinds: Mapping[str, type[Any]], answers: str | None = None
) -> Way | None:
    if given is None:
        return None
    fitting = sorted(kind for kind, plugin in kinds.items() if _fits(name, plugin))
    if given.kind not in fitting:
        raise SettingsError(f"{path}: {name}: kind must be one of {', '.join(fitting)}.")
    if "to" in given.settings:
        raise SettingsError(f"{path}: {name}: leave out `to`; it is the contact of whoever is asked.")
    plugin = kinds[given.kind]
    try:
        settings = plugin.Settings.model_validate({**given.settings, "to": [_STAND_IN[name]]})
    except ValidationError as error:
        raise SettingsError(f"{path}: {name}: settings.{where(error, 'entry')}") from None
    return Way(plugin, settings, given.per_hour, answers)


def _fits(name: str, plugin: type[Any]) -> bool:
    return plugin.spec.kind == _EMAIL_KIND if name == "email" else bool(plugin.spec.sms)


def _answers(path: Path, phone: _Phone | None, bridges: Mapping[str, BridgeEntry]) -> str | None:
    """The bridge that takes in answers: one of numbers, as the form's contacts are."""
    if phone is None or phone.answers is None:
        return None
    entry = bridges.get(phone.answers)
    spec = entry.plugin.spec if entry else None
    if spec is None or spec.senders != "number" or spec.contacts != "person":
        raise SettingsError(
            f"{path}: phone: answers: {phone.answers} is no SMS bridge of the bridges file; "
            "name one, or leave it out."
        )
    return phone.answers
