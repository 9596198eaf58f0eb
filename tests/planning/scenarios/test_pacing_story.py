from dataclasses import replace

import numpy as np
import pytest

from planning.ledger import MEGAWATTS, Block, FirstRefusal, Phase
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.pacing_story import INFERENCE_GROWTH, pacing_story
from tests.planning.scenarios.blocks import supply_of
from tests.planning.scenarios.making import START, day, level

STORY = pacing_story(START)
LEASES = Block("leases", 3000, day("2027-01-01"), region="eu", unit=MEGAWATTS, phase=Phase.LEASE)
LEASES = replace(LEASES, first_refusal=FirstRefusal(200, day("2026-12-01"), lead_days=365))
TALKS = Block("talks", 1000, day("2027-07-01"), region="us", unit=MEGAWATTS, conversion=0.95)
LEDGER = (LEASES, TALKS)


def test_growth_of_inference_is_told_by_its_published_shares() -> None:
    def ratio(share: float) -> float:
        return share / (1 - share)

    assert pytest.approx(np.sqrt(ratio(1 / 2) / ratio(1 / 3)) - 1) == INFERENCE_GROWTH.low
    assert pytest.approx(ratio(2 / 3) / ratio(1 / 2) - 1) == INFERENCE_GROWTH.high
    assert pytest.approx(np.sqrt(1.0 * 2 * np.sqrt(2)) - 1) == INFERENCE_GROWTH.mid


def test_at_the_middle_of_everything_the_story_ends_where_arithmetic_says() -> None:
    futures = apply(STORY.events, level(n_paths=4000), LEDGER, Dice(1, 4000, still=True))
    training, inference, _ = futures.demand.values[:, 0, -1]
    assert training == pytest.approx(100 * (1 - 0.2))
    years = (730 - 15.5) / 365.25
    adopted = 0.7 / (1 + 81 ** -((730 - 15.5 - 365) / 365))
    expected = 50 * 2 ** (0.75 * years) * (1 - adopted + adopted * 2 ** (0.6 - 1))
    assert inference == pytest.approx(expected, rel=2e-3)
    leases, talks, more = supply_of(futures)[:, :, -1].mean(axis=1)
    # 2,000 of 4,000 MW are let go; others take one half of what is left of the talks, of which 70 % convert.
    assert (leases, more) == (1500, 200)
    assert talks == pytest.approx(250 * 0.7, abs=5)


def test_every_event_says_what_is_assumed() -> None:
    assert all("assumed" in event.provenance.text or "Deloitte" in event.provenance.text for event in STORY.events)
