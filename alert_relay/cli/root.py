"""The command group: late imports, did-you-mean, errors as exit codes."""

import difflib
import importlib
from typing import Any, Final

import click

from alert_relay.cli.base import Failure

COMMANDS: Final = {
    "up": "alert_relay.cli.up:up",
    "demo": "alert_relay.cli.demo:demo",
    "report": "alert_relay.cli.report:report",
    "desk": "alert_relay.cli.desk_aftercare:desk",
    "duty": "alert_relay.cli.duty:duty",
    "simulate": "alert_relay.cli.simulate:simulate",
    "status": "alert_relay.cli.status:status",
    "group": "alert_relay.cli.group:group",
    "bridge": "alert_relay.cli.bridge:bridge",
    "peer": "alert_relay.cli.peer:peer",
    "channel": "alert_relay.cli.channel:channel",
    "member": "alert_relay.cli.member:member",
    "evaluate": "alert_relay.cli.evaluate:evaluate",
    "fit": "alert_relay.cli.fit:fit",
    "ledger": "alert_relay.cli.ledger:ledger",
    "explain": "alert_relay.cli.explain:explain",
    "gazetteer": "alert_relay.cli.gazetteer:gazetteer",
    "rights": "alert_relay.cli.rights:rights",
    "words": "alert_relay.cli.words:words",
    "subscribers": "alert_relay.cli.subscribers:subscribers",
    "dead": "alert_relay.cli.dead:dead",
    "kill-switch": "alert_relay.cli.kill_switch:kill_switch",
}


class NearestGroup(click.Group):
    """A group that answers an unknown command with the nearest known one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a did-you-mean."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1, cutoff=0.5)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(error.message + hint, ctx) from None


class LateGroup(NearestGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and turn the relay's errors into one sentence and an exit code."""
        from shared.errors import RelayError

        try:
            return super().invoke(ctx)
        except RelayError as error:
            raise Failure.of(error) from None


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alert-relay", prog_name="relay")
def relay() -> None:
    """Reports of immigration raids become one confirmed incident and reach the right local group.

    \b
    Begin here:
      relay up                          the whole relay, with example groups
      relay demo                        the same, and an evening in Dalston played through it
      relay report "immigration vans in Ashwin Street E8"
      relay desk list                   what volunteers see

    \b
    Addresses come from RELAY_INGEST_URL and RELAY_CONSOLE_URL, else from the relay that last ran
    in RELAY_HOME (.relay). Who you are: --token-file, RELAY_TOKEN, or RELAY_HOME/member.token.

    \b
    Exit codes:
      0  done
      1  refused: the relay (or a check) said no, and says why
      2  wrong usage, settings or files; the sentence names the remedy
      3  the relay does not answer
      4  stored, but not decided yet: look again
    """
