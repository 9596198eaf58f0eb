import json

from training.latent import Evidence, Latent


def test_it_comes_back_from_json_as_it_was() -> None:
    latent = Latent(Evidence.DATA, 0.1, 0.2, ceiling=640.0, overruns=3)
    assert Latent.from_json(json.loads(json.dumps(latent.to_json()))) == latent


def test_a_series_that_is_nearly_always_full_says_so_with_the_share() -> None:
    (note,) = Latent(Evidence.LIMIT, 0.5, 0.72).notes
    assert "72% of the recent buckets" in note
    assert Latent(Evidence.LIMIT, 0.5, 0.5).notes == ()


def test_history_above_a_limit_says_that_the_limit_is_too_low() -> None:
    (note,) = Latent(Evidence.LIMIT, 0.0, 0.0, overruns=7).notes
    assert note.startswith("7 buckets lie above a limit")
