"""What tests in a real browser share."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.rigs.browser import a_browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of the test's own."""
    async with a_browser() as found:
        yield found
