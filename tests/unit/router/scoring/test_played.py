"""Real predictions scored: what is told in a digest has been opened, and its delay is that of the digest."""

import json
from datetime import datetime
from pathlib import Path

from services.router.evaluate import evaluate
from services.router.report_lines import read_all
from services.router.scoring.metrics import Score
from services.router.scoring.truth import beside, read_corpus
from shared.contracts.groups import Area, GroupDefinition
from shared.gazetteer.index import SqliteGazetteer

AREA = Area(polygons=((((-0.12, 51.52), (0.0, 51.52), (0.0, 51.58), (-0.12, 51.58), (-0.12, 51.52)),),))
SEEN = (
    "immigration raid at the nail bar, two vans outside, I can see them taking somebody",
    "Home Office immigration officers are raiding the car wash and checking everyone's papers now",
    "immigration enforcement van outside the school, six officers, they hold a delivery rider",
    "they are raiding the bakery right now, immigration officers, staff locked in the back room",
    "immigration officers banging on doors in our block this minute, I can see them on the stairs",
)
GROUPS = [GroupDefinition(id="hackney", name="Hackney", area=AREA)]


def test_beyond_a_groups_attention_an_incident_is_opened_and_told_in_a_digest(
    tmp_path: Path, gazetteer: SqliteGazetteer
) -> None:
    corpus = tmp_path / "a.jsonl"
    with corpus.open("w") as stream:
        for n, text in enumerate(SEEN):
            lat, lon = 51.53 + 0.01 * n, -0.1 + 0.02 * n
            truth = {"incident": f"e{n}", "role": "report", "lat": lat, "lon": lon, "groups": ["hackney"]}
            told = {"id": f"m{n}", "at": f"2026-03-02T12:00:0{n}Z", "lat": lat, "lon": lon, "accuracy_m": 10}
            stream.write(json.dumps({**told, "text": text, "sender": f"s{n}", "truth": truth}) + "\n")
    first_words: dict[str, datetime] = {}
    predictions = list(evaluate(GROUPS, read_all([corpus]), gazetteer, first_words))
    found = Score(beside(read_corpus([corpus]), predictions, first_words)).figures()
    assert [p["status"] for p in predictions] == ["opened"] * 5
    assert found["missed"] == found["swallowed"] == []
    assert found["delay_s"]["median"] == 0
    assert 200 <= found["delay_s"]["max"] <= 300
