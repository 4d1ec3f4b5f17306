"""What a chat is called says where its people are: a weak clue, beside others."""

import pytest

from services.router.decide.chat_home import at_home, home_of
from services.router.gazetteer.starter import starter_gazetteer
from shared.contracts.base import Place
