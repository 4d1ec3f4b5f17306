"""How whoever reports by the form may be written to: an e-mail address or a phone number, as a type. Pure.

Guarantees: whatever passes `contact_of` is exactly one plain address, or one mobile number (E.164) of a
country that the hub writes to. Nothing in it can end a header, name a second recipient or a secret, or make a
text message cost more than one to a phone: premium, shared-cost and satellite numbers are none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from pydantic import AfterValidator

_MOST: Final = 200
_MAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LOCAL_MOST: Final = 64
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One plain address in ASCII; the domain in lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """One mobile number as E.164 writes it."""

    text: str


Contact = EmailAddress | PhoneNumber


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a hub can write to of those who report by its form; without anything: nobody."""

    email: bool = False
    countries: tuple[str, ...] = ()
    """Of which countries (ISO 3166) it texts mobile numbers; the first is whose numbers need no country."""

    @property
    def phone(self) -> bool:
        """Whether it texts at all."""
        return bool(self.countries)

    @property
    def anybody(self) -> bool:
        """Whether it can write to anybody."""
        return self.email or self.phone

    @property
    def codes(self) -> str:
        """How the numbers begin that it texts, for people: "+44, +353"."""
        codes = dict.fromkeys(phonenumbers.country_code_for_region(country) for country in self.countries)
        return ", ".join(f"+{code}" for code in codes)


def contact_of(typed: str, reach: Reach) -> Contact | None:
    """The contact that this is, if the hub can write to it."""
    if len(typed) > _MOST:
        return None
    if "@" in typed:
        return _email(typed.strip()) if reach.email else None
    return _phone(typed, reach.countries)


def stored_contact(address: str) -> Contact | None:
    """A contact as it was stored, its type found again; None for what this module never made."""
    if "@" in address:
        return found if (found := _email(address)) == EmailAddress(address) else None
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return None
    return PhoneNumber(address) if _is_mobile(number) and _written(number) == address else None


def mailbox_of(address: str) -> str:
    """Whose contact it is, to count by: most mailboxes are one, however their name's letters and +tag are.

    Never to write to: where a provider does tell them apart, two people share a limit and no more.
    """
    local, at, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def is_country(code: str) -> bool:
    """Whether phone numbers are known of a country by that code."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _country(code: str) -> str:
    if not is_country(code):
        raise ValueError("a country is written by its two letters, like GB")
    return code


Country = Annotated[str, AfterValidator(_country)]
"""A country whose numbers are known, in a file of settings."""


def _email(typed: str) -> EmailAddress | None:
    local, _, domain = typed.rpartition("@")
    if not _MAIL.fullmatch(typed) or len(local) > _LOCAL_MOST:
        return None
    return EmailAddress(f"{local}@{domain.lower()}")


def _phone(typed: str, countries: Sequence[str]) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(typed, countries[0] if countries else None)
    except phonenumbers.NumberParseException:
        return None
    theirs = phonenumbers.region_code_for_number(number) in countries
    plain = number.extension is None and theirs and _is_mobile(number)
    return PhoneNumber(_written(number)) if plain else None


def _is_mobile(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in _MOBILE


def _written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
