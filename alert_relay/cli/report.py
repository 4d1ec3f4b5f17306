"""`relay report`: one report from the terminal through the real front door."""

import uuid
from typing import Any

import click

from alert_relay.cli.base import EXIT_USAGE, Failure, facts, json_option, put_json, with_hub
from alert_relay.client import Hub


def own_key(hub: Hub) -> str | None:
    """The key that the relay of this home made for its own commands; None where there is no relay."""
    from alert_relay.client import default_home
    from alert_relay.supervisor.home import SIMULATOR, Home

    folder = (hub.home or default_home()).absolute()
    return Home(folder).secret(SIMULATOR) if (folder / "keys.yaml").exists() else None


def training_key(hub: Hub) -> str:
    """The key with which the relay of this home takes exercises."""
    from alert_relay.client import default_home

    key = own_key(hub)
    if key is None:
        raise Failure(
            f"There is no relay in {hub.home or default_home()}; set RELAY_HOME to the folder of the one "
            "that runs. Only its own key may send exercises.",
            EXIT_USAGE,
        )
    return key


@click.command(short_help="Send a report.")
@click.argument("text")
@click.option("--lat", type=click.FloatRange(-90, 90), help="Latitude in degrees.")
@click.option("--lon", type=click.FloatRange(-180, 180), help="Longitude in degrees.")
@click.option("--accuracy", "accuracy_m", type=click.FloatRange(min=0), help="Uncertainty in metres.")
@click.option("--postcode", help="Full postcode or district.")
@click.option("--language", help="Language of the text, as in: es")
@click.option("--first-hand/--passed-on", default=None, help="Seen with own eyes, or heard of.")
@click.option("--drill", is_flag=True, help="An exercise: says so in every word; needs this relay's home.")
@click.option("--key", "idempotency_key", help="The same key again is the same report.")
@with_hub(token=False)
@json_option
def report(
    text: str, *, hub: Hub, drill: bool, idempotency_key: str | None, as_json: bool, **rest: Any
) -> None:
    """Send one report; it is stored once this says so.

    \b
    Examples:
      relay report "immigration vans in Ashwin Street E8" --first-hand
      relay report "raid at the car wash" --lat 51.4737 --lon -0.0573 --accuracy 50
      relay report "officers at the door" --postcode "G41 2PE" --json
      relay report "immigration vans in Ashwin Street E8" --drill
    """
    body = {"text": text} | {name: value for name, value in rest.items() if value is not None}
    headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
    if drill:
        body["drill"] = True
        headers["Authorization"] = f"Bearer {training_key(hub)}"
    answer = hub.at_door("POST", "/v1/reports", body, headers)
    if as_json:
        put_json(answer)
        return
    facts({str(name).replace("_", " "): value for name, value in answer.items()})
