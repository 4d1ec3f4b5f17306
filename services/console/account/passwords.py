"""Passwords with one-time codes: how they are made, kept and checked.

What is kept of a password is argon2id of its keyed hash, and of the codes' secret its ciphertext under the
master key: without that key neither is of use. Checking takes as long for a name that nobody has. A code
opens once.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.console.decide.draft import Document
from services.console.door import Console
from shared.contracts.members import Password
from shared.errors import KeyUnavailableError
from shared.http import Problem

SHORTEST: Final = 12
LONGEST: Final = 200
_STEP_S: Final = 30
_DRIFT: Final = (0, -1, 1)
"""Steps by which a phone's clock may be wrong."""
_HASHER: Final = PasswordHasher()
_NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$6SsBB3KzCCENi9mp1oOAUQ$bGqFq8Tbcjm7RML2vkpM3t0IEAVd2zoSlGhb4yXErOw"
)
"""What stands for a name that nobody has; opens nothing, and takes as long as `_HASHER`'s own."""
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="argon2")
"""Each check takes 64 MiB: however many come, no more than two are under way."""


@dataclass(frozen=True, slots=True)
class NewCodes:
    """A secret for somebody's app, as they see it and as the form carries it back, sealed."""

    secret: str
    sealed: str
    uri: str


def new_codes(console: Console, who: str, name: str, sealed: str = "") -> NewCodes:
    """A new secret for the app of whoever `who` names, or the one that their form carried."""
    secret = (_opened(console, f"totp-new-{who}", sealed) if sealed else None) or pyotp.random_base32()
    kept = console.keyring.master.wrap(f"totp-new-{who}", secret.encode())
    return NewCodes(secret, kept, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="relay"))


async def new_password(  # noqa: PLR0913 - what somebody typed, and for whom
    console: Console, who: str, member: str, *, login: str, password: str, sealed: str, code: str
) -> Password:
    """What is kept of these. Raises a 422 problem that says which of them will not do."""
    if not _could_be_login(login):
        raise Problem(422, "login_unsound", "Choose a name of 3 to 40 letters, digits, dots or hyphens.")
    if not SHORTEST <= len(password) <= LONGEST or login.casefold() in password.casefold():
        raise Problem(
            422, "password_weak", "Choose a password of 12 characters or more, without your name in it."
        )
    secret = _opened(console, f"totp-new-{who}", sealed)
    if secret is None or await _step_of(console, member, secret, code) is None:
        raise Problem(422, "code_wrong", "This code does not fit; take the one that your app shows now.")
    kept = console.keyring.master.wrap(f"totp-{member}", secret.encode())
    return Password(login=login, argon2id=await _hashed(console, password), totp=kept)


def login_tag(console: Console, login: str) -> str:
    """By what a login is found and is unique, without being told."""
    return console.keyring.master.tag("login", login.strip().casefold()).hex()


async def fits(console: Console, member: str, way: Document | None, password: str, code: str) -> bool:
    """Whether password and code open this way in; None stands for one that there is not."""
    kept = str(way["argon2id"]) if way else _NOBODYS
    right = await asyncio.get_running_loop().run_in_executor(
        _THREADS, _verified, kept, _keyed(console, password)
    )
    secret = _opened(console, f"totp-{member}", str(way["totp"])) if way else None
    return right and secret is not None and await _step_of(console, member, secret, code) is not None


async def _step_of(console: Console, member: str, secret: str, code: str) -> int | None:
    """The step whose code this is, if it was not used before."""
    typed, now = "".join(code.split()), console.clock.now()
    codes = pyotp.TOTP(secret, interval=_STEP_S)
    for drift in _DRIFT:
        step = int(now.timestamp()) // _STEP_S + drift
        if pyotp.utils.strings_equal(codes.at(now + timedelta(seconds=_STEP_S * drift)), typed):
            used = await console.brief.count(
                f"totp:{member}:{secret_tag(console, secret)}:{step}", life_s=180
            )
            return step if used == 1 else None
    return None


def secret_tag(console: Console, secret: str) -> str:
    """A secret's pseudonym: a used code of one app says nothing about another's."""
    return console.keyring.master.tag("totp", secret).hex()[:16]


async def _hashed(console: Console, password: str) -> str:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _HASHER.hash, _keyed(console, password))


def _keyed(console: Console, password: str) -> str:
    return console.keyring.master.tag("password", password).hex()


def _verified(kept: str, given: str) -> bool:
    try:
        return _HASHER.verify(kept, given)
    except (VerificationError, InvalidHashError):
        return False


def _opened(console: Console, key: str, sealed: str) -> str | None:
    try:
        return console.keyring.master.unwrap(key, sealed).decode()
    except (KeyUnavailableError, ValueError):
        return None


def _could_be_login(login: str) -> bool:
    return 3 <= len(login) <= 40 and all(c.isalnum() or c in "._-@" for c in login)  # noqa: PLR2004 - as it says
