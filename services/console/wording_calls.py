"""What calls for somebody among the own words of a member's groups: the desk says it before it is late."""

from services.console.decide.draft import Document
from services.console.decide.group.own_words import calls_for
from services.console.decide.page_acts import groups_that_let
from services.console.door import Actor, Console
from shared.contracts.wording import ReviewWords


async def wording_calls(console: Console, actor: Actor) -> list[Document]:
    """The groups whose words this member may review: how many wait for a second person, or end soon."""
    today = console.clock.now().date()
    names = sorted(groups_that_let(actor.roles, ReviewWords))
    groups = [g for name in names if (g := await console.store.one(f"group:{name}"))]
    return [{"group": g["id"], "name": g["definition"]["name"], **calls_for(g, today)} for g in groups]
