"""From the form to the live page on real servers, as people see it: nothing before a person confirms."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.rigs.browser import a_phone, needs_chromium
from tests.rigs.sink import channel
from tests.rigs.system import RelaySystem, square

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
async def test_a_report_by_form_is_on_the_live_page_once_confirmed(
    tmp_path: Path, *, javascript: bool
) -> None:
    async with RelaySystem(tmp_path) as relay, a_phone(javascript=javascript) as page:
        await relay.define_group({"id": "hackney", "name": "Hackney", "area": square(51.5466, -0.0752, 0.05)})
        feed = {"id": "public", "kind": "feed", "audience": "community", "settings": {}}
        group = {"id": "hackney", "name": "Hackney", "area": square(51.5466, -0.0752, 0.05)}
        body = {"definition": group, "channels": [channel("hackney", "verifiers"), feed]}
        assert (await relay.as_member("PUT", "v1/groups/hackney", json=body)).status == 200

        await page.goto(relay.urls["ingest"])
        await page.get_by_label("What do you see?").fill("Immigration raid: a van, officers hold a rider")
        await page.get_by_label("Where is it?").fill("Ashwin Street, Dalston E8")
        await page.get_by_label("Yes, I can see it").check()
        await page.get_by_role("button", name="Send report").click()
        await expect(page.get_by_role("heading", name="Your report has arrived")).to_be_visible()

        await relay.wait_until(lambda: len(relay.sink.log) == 1, "the verifiers hear")
        live = relay.urls["console"]
        await page.goto(live)
        await expect(page.get_by_role("heading", name="Nothing confirmed right now")).to_be_visible()
        incident = await relay.the_incident("hackney")
        await relay.desk(
            "confirm", by="hackney", incident=incident["id"], ask="WITNESSES", text="One van, one held."
        )
        if not javascript:

            async def shown() -> bool:
                return bool((await relay.request("GET", "console/feed.geojson")).body["features"])

            await relay.wait_until(shown, "the feed has it")
            await page.reload()
        await expect(page.get_by_role("article")).to_have_count(1)
        await expect(page.get_by_text("One van, one held.")).to_be_visible()
        assert "hold a rider" not in await page.content()
