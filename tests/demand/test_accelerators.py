import re
from datetime import date
from pathlib import Path

import pytest

from demand.accelerators import (
    DEFAULT,
    LEAST,
    Accelerator,
    AcceleratorNotFound,
    Catalogue,
    Figure,
    Source,
    canonical,
    published,
)
from demand.errors import Conflict, Invalid
from demand.estimates import Estimate

PINNED = {
    "A100-SXM4-80GB": (400, 80, 312),
    "A100-SXM4-40GB": (400, 40, 312),
    "A100-PCIE-80GB": (300, 80, None),
    "A100-PCIE-40GB": (250, 40, None),
    "H100-SXM5-80GB": (700, 80, 989.4),
    "H100-PCIE-80GB": (350, 80, None),
    "H200-SXM-141GB": (700, 141, 989),
    "B200-SXM-180GB": (1000, 180, 2250),
    "GB200": (1200, 186, 2500),
    "B300-SXM-288GB": (1400, 288, 2250),
    "GB300": (1400, 288, None),
    "L4": (72, 24, None),
    "L40S": (350, 48, 362.05),
    "A10": (150, 24, None),
    "TPU-v4": (192, 32, 275),
    "TPU-v5e": (None, 16, 197),
    "TPU-v5p": (None, 95, 459),
    "TPU-v6e": (None, 32, 918),
    "TPU7x": (None, 192, 2307),
    "MI250X": (560, 128, 383),
    "MI300X": (750, 192, 1300),
    "MI325X": (1000, 256, 1307.4),
    "MI350X": (1000, 288, None),
    "MI355X": (1400, 288, 2500),
    "Trainium1": (None, 32, 190),
    "Trainium2": (None, 96, 667),
    "Inferentia2": (None, 32, 190),
    "Gaudi-2": (600, 96, 432),
    "Gaudi-3": (900, 128, 1835),
}
"""Power in watts, memory in gigabytes and dense BF16 in TFLOP/s, as read in the sources; None where none was found."""

MLPERF = {
    ("H100", "70b"): (8, 21605.8, 21605.8, 24524.9),
    ("H200", "70b"): (8, 29228.2, 29228.2, 31302.7),
    ("B200", "8b"): (8, 128541, 128541, 136752),
    ("B200", "70b"): (8, 59545.4, 99123, 101527),
    ("B200", "405b"): (8, 751.37, 1240.42, 1624.11),
    ("GB200", "70b"): (4, 29745.6, 49359.6, 51736.9),
    ("GB200", "405b"): (72, 9921.02, 11614.3, 14774.3),
    ("MI300X", "70b"): (8, 8840.42, 24593.8, 27803.9),
    ("MI325X", "70b"): (8, 18407.2, 32027.6, 34520.4),
}
"""Accelerators of the system, and its tokens per second interactive (as a server where that is not told in tokens), as
a server and offline."""

A_SOURCE = Source("measured here")


def sure(value: float) -> Figure:
    return Figure(Estimate.certain(value), A_SOURCE)


def mid(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value.mid


@pytest.mark.parametrize("name", PINNED)
def test_figures_are_those_of_their_sources(name: str) -> None:
    found = published().find(name)
    assert (mid(found.power_watts), mid(found.memory_gb), mid(found.bf16_tflops)) == PINNED[name]


def test_every_accelerator_is_pinned() -> None:
    assert {each.name for each in published().accelerators} == set(PINNED)


@pytest.mark.parametrize(("name", "model_class"), MLPERF)
def test_throughputs_are_results_divided_by_the_accelerators_of_the_system(name: str, model_class: str) -> None:
    count, *results = MLPERF[name, model_class]
    value = published().find(name).tokens_per_second[model_class].value
    assert [value.low, value.mid, value.high] == pytest.approx([result / count for result in results], abs=0.051)


def test_every_throughput_is_pinned() -> None:
    catalogue = published()
    known = {(each.name, model) for each in catalogue.accelerators for model in each.tokens_per_second}
    assert known == {(catalogue.find(name).name, model) for name, model in MLPERF}


def test_the_host_overhead_is_that_of_published_systems() -> None:
    value = published().default.host_overhead
    assert value is not None
    tray, dgx = 6667 / (4 * 1200) - 1, 10_200 / (8 * 700) - 1
    assert [value.value.low, value.value.mid, value.value.high] == pytest.approx(
        [tray, (tray + dgx) / 2, dgx], abs=5e-4
    )
    assert value.value.low < 14_300 / (8 * 1000) - 1 < value.value.high


def test_the_pue_is_between_a_hyperscaler_and_the_average_of_the_survey() -> None:
    value = published().default.pue
    assert value is not None
    assert [value.value.low, value.value.mid, value.value.high] == [1.1, 1.32, 1.54]


def test_every_figure_has_a_title_an_address_and_a_date() -> None:
    catalogue = published()
    figures = [
        figure
        for each in (*catalogue.accelerators, catalogue.default)
        for figure in (*(getattr(each, name) for name in LEAST), *each.tokens_per_second.values())
        if figure is not None
    ]
    assert len(figures) > 80
    for figure in figures:
        assert figure.source.title
        assert figure.source.url.startswith("https://")
        assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", figure.source.date)


def test_the_version_is_a_date() -> None:
    assert date.fromisoformat(published().version) >= date(2026, 11, 24)


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("A100-SXM4-80GB", "A100-SXM4-80GB"),
        ("nvidia-a100-80gb", "A100-SXM4-80GB"),
        ("NVIDIA_A100_80GB", "A100-SXM4-80GB"),
        ("h100", "H100-SXM5-80GB"),
        ("nvidia-h100-80gb", "H100-SXM5-80GB"),
        ("trillium", "TPU-v6e"),
        ("Ironwood", "TPU7x"),
        ("mi300x", "MI300X"),
        ("trn2", "Trainium2"),
        ("gaudi 3", "Gaudi-3"),
    ],
)
def test_an_accelerator_is_found_by_the_names_in_use(written: str, listed: str) -> None:
    assert published().find(written).name == listed


@pytest.mark.parametrize("name", ["H1000", "", "GPU-series-1"])
def test_what_is_not_known_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(AcceleratorNotFound, match="PUT /v1/accelerators/"):
        published().find(name)


def test_an_override_replaces_what_it_says_and_leaves_the_rest() -> None:
    override = Accelerator("h100", aliases=("our-hopper",), power_watts=sure(640), tokens_per_second={"8b": sure(9000)})
    catalogue = published().overridden([override], "mine")
    found = catalogue.find("our hopper")
    assert found is catalogue.find("H100-SXM5-80GB")
    assert (mid(found.power_watts), mid(found.memory_gb)) == (640, 80)
    assert set(found.tokens_per_second) == {"8b", "70b"}
    assert catalogue.version == "mine"
    assert mid(published().find("h100").power_watts) == 700


def test_an_accelerator_can_be_added_and_the_default_changed() -> None:
    added = [Accelerator("GPU-series-1", power_watts=sure(300)), Accelerator(DEFAULT, pue=sure(1.2))]
    catalogue = published().overridden(added, "mine")
    assert mid(catalogue.pue(catalogue.find("gpu-series-1"))) == 1.2
    assert catalogue.host_overhead(catalogue.find("gpu-series-1")) == published().default.host_overhead


def test_an_alias_stands_for_one_accelerator_only() -> None:
    with pytest.raises(Conflict, match="H100"):
        published().overridden([Accelerator("L4", aliases=("H100",))], "mine")


@pytest.mark.parametrize(
    "wrong", [{"power_watts": sure(0)}, {"pue": sure(0.9)}, {"host_overhead": sure(-0.1)}, {"memory_gb": sure(-1)}]
)
def test_an_impossible_figure_is_refused(wrong: dict[str, Figure]) -> None:
    with pytest.raises(Invalid, match="cannot be"):
        Accelerator("x", **wrong)


def test_a_throughput_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="throughput"):
        Accelerator("x", tokens_per_second={"8b": sure(0)})


def test_two_accelerators_of_one_name_are_refused() -> None:
    catalogue = Catalogue("v", (Accelerator("a-1"), Accelerator("A1")), Accelerator(DEFAULT))
    with pytest.raises(Conflict):
        catalogue.find("a1")


def test_names_are_told_apart_by_letters_and_digits_only() -> None:
    assert canonical("A100-SXM4 80_GB") == canonical("a100sxm480gb")


PAGE = Path(__file__).parents[2] / "docs" / "units.md"


def shown(figure: Figure | None) -> str:
    if figure is None:
        return ""
    value = figure.value
    numbers = (value.mid,) if value.is_certain else (value.low, value.mid, value.high)
    return " / ".join(f"{number:,.10g}" for number in numbers)


def table_of_the_page() -> list[str]:
    lines = ["| accelerator | maker | power, W | memory, GB | dense BF16, TFLOP/s | tokens/s: low / middle / high |"]
    lines.append("|---|---|---|---|---|---|")
    for each in published().accelerators:
        tokens = "; ".join(f"{model}: {shown(figure)}" for model, figure in each.tokens_per_second.items())
        figures = (shown(each.power_watts), shown(each.memory_gb), shown(each.bf16_tflops))
        lines.append(f"| {' | '.join((each.name, each.maker, *figures, tokens))} |")
    return [re.sub(" +", " ", line) for line in lines]


def test_the_page_shows_the_catalogue() -> None:
    page = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert page[-len(table_of_the_page()) :] == table_of_the_page()
