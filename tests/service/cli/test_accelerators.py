import pytest

from tests.service.cli.conftest import Command


def test_accelerators_are_listed_and_shown_with_their_sources(computecast: Command) -> None:
    assert "MI355X" in computecast("accelerators", "list").stdout
    shown = computecast("accelerators", "show", "nvidia-h100-80gb").stdout
    assert "power_watts: 700 (NVIDIA H100" in shown
    assert "tokens_per_second 70b: 2700.7-2700.7-3065.6 (MLPerf Inference v4.1" in shown
    assert "pue: 1.1-1.32-1.54 (Uptime" in shown
    assert "power_watts: not known" in computecast("accelerators", "show", "trillium").stdout


def test_figures_are_set_and_unset(computecast: Command) -> None:
    made = computecast(
        "accelerators", "set", "H100", "power_watts=640", "pue=1.1,1.15,1.25", "--tokens", "8B=9000", "--by", "ops"
    )
    assert made.returncode == 0, made.stderr
    shown = computecast("accelerators", "show", "H100").stdout
    assert "power_watts: 640 (ops, " in shown
    assert "pue: 1.1-1.15-1.25" in shown
    assert "tokens_per_second 8b: 9000" in shown
    assert "by you" in computecast("accelerators", "list").stdout
    assert "as published again" in computecast("accelerators", "unset", "H100").stdout
    assert "power_watts: 700" in computecast("accelerators", "show", "H100").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "H100", "power=640"), "set one of power_watts"),
        (("set", "H100", "640"), "sets nothing"),
        (("set", "H100", "power_watts=much"), "neither a number nor three"),
        (("set", "H100", "pue=0.5"), "cannot be 0.5"),
        (("unset", "H100"), "already is as published"),
        (("show", "abacus"), "nothing is known"),
    ],
)
def test_what_makes_no_sense_is_refused(computecast: Command, arguments: tuple[str, ...], said: str) -> None:
    refused = computecast("accelerators", *arguments)
    assert refused.returncode == 1
    assert said in refused.stderr
