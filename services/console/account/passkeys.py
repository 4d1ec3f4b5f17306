"""Passkeys (WebAuthn): the questions that a browser's authenticator is asked, and what its answers prove.

Guarantees: a question is answered once, within five minutes, for what it was asked; only answers made on
our own pages count; whoever signs in has shown their finger, face or PIN, so a found phone opens nothing.
"""

import ipaddress
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.console.decide.draft import Document
from services.console.door import CONSOLE, Console, whole
from shared.contracts.base import MemberId
from shared.contracts.members import Passkey
from shared.http import Problem

_LIFE_S: Final = 300
_LONGEST: Final = 1400


@dataclass(frozen=True, slots=True)
class Site:
    """What a passkey belongs to: the name of this hub, and where its pages are."""

    name: str
    origin: str


def site_of(request: web.Request) -> Site | None:
    """Where the reader is, if passkeys can be made there: at a name, never at a bare address."""
    public = urlsplit(request.app[CONSOLE].settings.base_url)
    host = request.url.host or ""
    if host == "localhost":
        return Site(host, f"http://{request.host}")
    if public.hostname and public.hostname != "localhost" and not _is_address(public.hostname):
        return Site(public.hostname, f"{public.scheme}://{public.netloc}")
    return None


async def ask_to_make(
    request: web.Request, purpose: str, member: MemberId, name: str, known: list[str]
) -> str:
    """The question for a new passkey of this member, as JSON; the device makes none that it has already."""
    site = _site(request)
    options = generate_registration_options(
        rp_id=site.name,
        rp_name=site.name,
        user_id=member.encode(),
        user_name=name,
        user_display_name=name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(key)) for key in known],
    )
    await _asked(request, options.challenge, purpose)
    return options_to_json(options)


async def made(request: web.Request, purpose: str, answer: Any, label: str) -> Passkey:
    """The new passkey. Raises a 422 problem for an answer to another question, or to none."""
    site, challenge = _site(request), await _answered(request, answer, purpose)
    try:
        proof = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        return Passkey(
            credential=bytes_to_base64url(proof.credential_id),
            public_key=bytes_to_base64url(proof.credential_public_key),
            sign_count=proof.sign_count,
            label=label,
        )
    except Exception:  # noqa: BLE001 - whatever the library makes of hostile bytes, they prove nothing
        raise _unproven() from None


def passkey_tag(console: Console, passkey: Passkey) -> str:
    """By what a passkey is unique: nobody can put their own in another's place by giving it the same id."""
    return console.keyring.master.tag("passkey", passkey.credential).hex()


async def ask_to_sign(request: web.Request) -> str:
    """The question for any passkey of this hub that the device has: nobody is named."""
    site = _site(request)
    options = generate_authentication_options(
        rp_id=site.name, user_verification=UserVerificationRequirement.REQUIRED
    )
    await _asked(request, options.challenge, "sign-in")
    return options_to_json(options)


async def signed_by(request: web.Request, answer: Any) -> MemberId:
    """Whose passkey answered. The same 422 problem for one that nobody has and for a wrong answer."""
    site, challenge = _site(request), await _answered(request, answer, "sign-in")
    member, way = await _known(request, answer)
    try:
        verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(way["public_key"]),
            credential_current_sign_count=way["sign_count"],
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - whatever the library makes of hostile bytes, they prove nothing
        raise _unproven() from None
    return member


async def _known(request: web.Request, answer: Any) -> tuple[MemberId, Document]:
    store = request.app[CONSOLE].store
    name, progress = str(answer.get("id")), await whole(store)
    found = await store.one(f"passkey:{name}") if len(name) <= _LONGEST else None
    ways = await store.one(f"ways:{found['member']}") if found else None
    way = (ways or {}).get("ways", {}).get(found["way"]) if found else None
    if found is None or way is None:
        await whole(store, since=progress.epoch)
        raise _unproven()
    return MemberId(found["member"]), way


async def _asked(request: web.Request, challenge: bytes, purpose: str) -> None:
    key = f"challenge:{bytes_to_base64url(challenge)}"
    await request.app[CONSOLE].brief.put(key, purpose, life_s=_LIFE_S)


async def _answered(request: web.Request, answer: Any, purpose: str) -> bytes:
    """The question that this answers, which is answered with it."""
    try:
        said = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        challenge = str(said["challenge"])
        asked = await request.app[CONSOLE].brief.take(f"challenge:{challenge[:200]}")
        question = base64url_to_bytes(challenge)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _unproven() from None
    if asked != purpose:
        raise _unproven()
    return question


def _site(request: web.Request) -> Site:
    site = site_of(request)
    if site is None:
        raise Problem(422, "passkey_needs_name", "Open this page by a name, not by a bare address.")
    return site


def _unproven() -> Problem:
    return Problem(422, "passkey_unproven", "This passkey was not accepted; load the page again and retry.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
