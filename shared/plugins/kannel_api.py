"""Kannel's smsbox, as bridge and channel know it: one call that sends.

The message goes by POST, so that the password stands in no address and in no log of addresses.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.plugins.http_outcomes import from_status, post, words_in
from shared.plugins.spec import Delivered, Outcome, Rejected
from shared.words.sms import is_plain

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def send_message(  # noqa: PLR0913 - what one message takes
    http: "ClientSession",
    base: str,
    login: tuple[str, str],
    number: str,
    text: str,
    *,
    sender: str,
    name: str,
    lives_s: int,
    receipt: Mapping[str, str] | None = None,
) -> Outcome:
    """Queue it for one number, in the alphabet that it needs; `receipt`: headers that ask for one.

    `name` is ours: Kannel gives a message none that it would tell again.
    """
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": login[0],
        "X-Kannel-Password": login[1],
        "X-Kannel-From": sender,
        "X-Kannel-To": number,
        "X-Kannel-Coding": "0" if is_plain(text) else "2",
        "X-Kannel-Validity": str(lives_s // 60),
        **(receipt or {}),
    }
    url = f"{base}/cgi-bin/sendsms"
    return await post(http, url, partial(_outcome, name), data=text.encode(), headers=headers)


def _outcome(name: str, status: int, headers: Mapping[str, str], answer: bytes) -> Outcome:
    if status == HTTPStatus.BAD_REQUEST and b"denied by" in answer:
        return Rejected("denied_by_gateway", words=words_in(answer))
    if status == HTTPStatus.FORBIDDEN and b"Not routable" in answer:  # this number, not our password
        return Rejected("not_routable", words=words_in(answer))
    outcome = from_status(status, headers, answer)
    return Delivered(name) if isinstance(outcome, Delivered) else outcome
