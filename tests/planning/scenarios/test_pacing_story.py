from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demand.series import Workload
from planning.ledger import MEGAWATTS, Block, FirstRefusal, Phase
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.events import Futures
from planning.scenarios.outcomes import by_workload
from planning.scenarios.pacing_story import INFERENCE_GROWTH, pacing_story
from planning.tornado import tornado
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


def rows_of_the_page() -> dict[str, list[float]]:
    """The numbers of each row of the tables of the worked example, by the words that it begins with."""
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text().split("## A worked example")[1]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|"]
    numbers = {}
    for row in cells:
        words = " ".join(cell for cell in row if cell and not cell[0].isdigit())
        numbers[words] = [float(cell.split()[0].replace(",", "")) for cell in row if cell and cell[0].isdigit()]
    return numbers


def test_the_page_shows_what_the_story_comes_to() -> None:
    page, levels = rows_of_the_page(), [0.1, 0.5, 0.9]
    futures = apply(STORY.events, level(n_paths=4000), LEDGER, Dice(7, 4000))
    for workload, values in by_workload(futures.demand).items():
        np.testing.assert_allclose(page[workload][1:], np.quantile(values[:, -1], levels), atol=0.05)
    megawatts = supply_of(futures)[:, :, -1].sum(axis=0)
    before = supply_of(apply((), level(n_paths=4000), LEDGER, Dice(7, 4000)))[:, :, -1].sum(axis=0)
    expected = [before.mean(), *np.quantile(megawatts, levels)]
    np.testing.assert_allclose(page["megawatts, of all blocks"], expected, atol=0.51)


def test_the_page_shows_what_matters_most_of_the_story() -> None:
    page = rows_of_the_page()
    told = tornado(STORY.events, level(n_paths=1), LEDGER, inference_at_end, seed=7)
    assert told.middle == pytest.approx(184.2, abs=0.05)
    for bar in told.bars[:4]:
        assert page[f"{bar.event} {bar.number}"] == pytest.approx([bar.low, bar.high], abs=0.05)


def inference_at_end(futures: Futures) -> float:
    return float(by_workload(futures.demand)[Workload.INFERENCE][:, -1].mean())
