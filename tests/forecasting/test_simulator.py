import numpy as np
import pandas as pd
import pytest

from demand.audit import FindingKind, audit
from demand.errors import Invalid
from demand.series import Workload
from demand.tidy import COLUMNS, check_rows
from forecasting.simulated_inference import daily_shape
from forecasting.simulated_training import (
    JOB_HOURS_SIGMA,
    MEDIAN_JOB_HOURS,
    draw_jobs,
    expected_job_hours,
    submission_rate,
)
from forecasting.simulator import CLOCKS, DEMO_HOURS, FLEET, SimulatedFleet, simulate_fleet

END = pd.Timestamp("2026-02-02", tz="UTC")


@pytest.fixture(scope="module")
def fleet() -> SimulatedFleet:
    return simulate_fleet(seed=7, end=END)


@pytest.fixture(scope="module")
def many() -> list[SimulatedFleet]:
    return [simulate_fleet(seed=seed, end=END) for seed in range(5)]


def rows_of(workload: Workload) -> list[int]:
    return [row for row, plan in enumerate(FLEET) if plan.workload is workload and not plan.begins]


def test_the_same_seed_gives_the_same_fleet_and_another_gives_another(fleet: SimulatedFleet) -> None:
    again = simulate_fleet(seed=7, end=END)
    pd.testing.assert_frame_equal(again.rows(), fleet.rows())
    pd.testing.assert_frame_equal(again.corrections(), fleet.corrections())
    assert not np.array_equal(simulate_fleet(seed=8, end=END).panel.values, fleet.panel.values, equal_nan=True)


def test_the_history_is_half_a_year_of_hours_up_to_the_end(fleet: SimulatedFleet) -> None:
    assert fleet.panel.n_steps == DEMO_HOURS == 26 * 7 * 24
    assert fleet.panel.end == END


def test_nobody_can_take_it_for_a_real_fleet(fleet: SimulatedFleet) -> None:
    assert all(key.provider.startswith("simulated-") for key in fleet.panel.keys)


def test_training_inference_and_unattributed_demand_are_all_there(fleet: SimulatedFleet) -> None:
    assert 16 <= fleet.panel.n_series <= 22
    assert len(set(fleet.panel.keys)) == fleet.panel.n_series
    assert {key.workload for key in fleet.panel.keys} == set(Workload)


def test_levels_are_never_negative_and_of_plausible_size(many: list[SimulatedFleet]) -> None:
    for fleet in many:
        means = np.nanmean(fleet.panel.values, axis=1)
        assert np.nanmin(fleet.panel.values) >= 0
        assert means.min() > 10
        assert means.max() < 6000


def test_all_first_recorded_rows_and_all_corrections_are_accepted_as_tidy_rows(fleet: SimulatedFleet) -> None:
    for table in (fleet.rows(), fleet.corrections()):
        assert tuple(table.columns) == COLUMNS
        batch = check_rows(table.assign(line=np.arange(len(table))), now=END)
        assert batch.rejections == ()
        assert not batch.rows.duplicated([*COLUMNS[:7]]).any()


def test_corrections_change_rows_that_were_recorded_and_lead_to_the_panel(fleet: SimulatedFleet) -> None:
    identity = list(COLUMNS[:-2])
    recorded = fleet.rows().set_index(identity)["value"]
    corrected = fleet.corrections().set_index(identity)["value"]
    assert len(corrected) > 24
    assert corrected.index.isin(recorded.index).all()
    assert (recorded.loc[corrected.index] != corrected).all()
    recorded.loc[corrected.index] = corrected
    known = ~np.isnan(fleet.panel.values)
    np.testing.assert_array_equal(recorded.to_numpy(), fleet.panel.values[known])


def test_inference_follows_the_day_and_the_week_of_its_users(many: list[SimulatedFleet]) -> None:
    for row in rows_of(Workload.INFERENCE):
        clock = pd.Timedelta(hours=CLOCKS[FLEET[row].region])
        local = pd.concat([pd.Series(fleet.panel.values[row], fleet.panel.index + clock) for fleet in many])
        weekday = local[local.index.weekday < 5]
        by_hour = weekday.groupby(weekday.index.hour).median()
        assert by_hour.loc[10:21].mean() > 1.2 * by_hour.loc[1:6].mean()
        assert local[local.index.weekday >= 5].median() < weekday.median()


def test_inference_grows_more_often_than_not(many: list[SimulatedFleet]) -> None:
    ratios = [
        np.nanmedian(fleet.panel.values[row, -672:]) / np.nanmedian(fleet.panel.values[row, :672])
        for fleet in many
        for row in rows_of(Workload.INFERENCE)
    ]
    assert np.median(ratios) > 1.2
    assert np.mean(np.array(ratios) > 1) > 0.8


def test_training_is_less_regular_than_inference(many: list[SimulatedFleet]) -> None:
    def irregularity(row: int) -> float:
        values = np.concatenate([fleet.panel.values[row] for fleet in many])
        return float(np.nanmedian(np.abs(values[168:] - values[:-168])) / np.nanmedian(values))

    training = [irregularity(row) for row in rows_of(Workload.TRAINING)]
    inference = [irregularity(row) for row in rows_of(Workload.INFERENCE)]
    assert min(training) > max(inference)


def test_jobs_have_sizes_in_powers_of_two_and_most_hours_belong_to_few() -> None:
    size, hours = draw_jobs(np.random.default_rng(3), 50_000)
    work = np.sort(size * hours)[::-1]
    assert set(size) <= {2.0**octave for octave in range(10)}
    assert work[:2500].sum() > 0.6 * work.sum()
    assert np.median(size) == 1
    assert np.median(hours) == pytest.approx(MEDIAN_JOB_HOURS, rel=0.05)
    assert np.log(hours).std() == pytest.approx(JOB_HOURS_SIGMA, rel=0.05)


def test_the_expected_size_of_jobs_is_about_what_is_drawn() -> None:
    size, hours = draw_jobs(np.random.default_rng(4), 400_000)
    assert (size * hours).mean() == pytest.approx(expected_job_hours(), rel=0.15)


def test_submissions_average_one_over_an_ordinary_week_and_rest_on_holidays() -> None:
    week = pd.date_range("2025-02-03", periods=672, freq="15min")
    rate = pd.Series(submission_rate(week), week)
    assert rate.mean() == pytest.approx(1, abs=0.01)
    assert rate[rate.index.weekday >= 5].mean() < 0.7 * rate[rate.index.weekday < 5].mean()
    new_year = pd.date_range("2025-01-01", periods=96, freq="15min")
    assert submission_rate(new_year).mean() < 0.4


def test_users_at_work_rest_on_weekends_and_users_at_leisure_come_in_the_evening() -> None:
    week = pd.date_range("2025-02-03", periods=672, freq="15min")
    work, leisure = (pd.Series(daily_shape(week, share), week) for share in (0.0, 1.0))
    assert work["2025-02-08"].max() < 0.6 * work["2025-02-05"].max()
    assert 9 <= work["2025-02-05"].idxmax().hour <= 17
    assert 18 <= leisure["2025-02-05"].idxmax().hour <= 22


def test_sites_suffer_outages_and_their_records_have_gaps(many: list[SimulatedFleet]) -> None:
    kinds = [finding.kind for fleet in many for finding in audit(fleet.panel)]
    assert kinds.count(FindingKind.GAP) > 50
    assert kinds.count(FindingKind.ZERO_RUN) > 0
    lows = [np.nanmin(fleet.panel.values / np.nanmedian(fleet.panel.values, axis=1)[:, None]) for fleet in many]
    assert max(lows) < 0.06


def test_some_series_begin_late(fleet: SimulatedFleet) -> None:
    late = [row for row, plan in enumerate(FLEET) if plan.begins]
    assert late
    for row in late:
        first = int(np.flatnonzero(~np.isnan(fleet.panel.values[row]))[0])
        assert first == pytest.approx(FLEET[row].begins * DEMO_HOURS, abs=48)


def test_a_week_is_enough_and_less_is_refused() -> None:
    assert simulate_fleet(seed=1, end=END, hours=168).panel.n_steps == 168
    with pytest.raises(Invalid, match="167 hours are too few"):
        simulate_fleet(seed=1, end=END, hours=167)


@pytest.mark.parametrize("end", [pd.Timestamp("2026-02-02"), pd.Timestamp("2026-02-02T00:30", tz="UTC")])
def test_the_end_is_a_whole_hour_with_its_offset(end: pd.Timestamp) -> None:
    with pytest.raises(Invalid, match="give a whole hour with its UTC offset"):
        simulate_fleet(seed=1, end=end)


def test_the_end_may_be_told_in_another_zone(fleet: SimulatedFleet) -> None:
    elsewhere = simulate_fleet(seed=7, end=END.tz_convert("Asia/Tokyo"))
    np.testing.assert_array_equal(elsewhere.panel.values, fleet.panel.values)
    assert elsewhere.panel.start == fleet.panel.start
