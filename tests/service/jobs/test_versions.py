from importlib.metadata import version

from service.jobs.versions import library_versions


def test_the_versions_are_those_that_are_installed() -> None:
    found = library_versions()
    assert found["statsforecast"] == version("statsforecast")
    assert {"computecast", "prophet", "scikit-learn"} <= found.keys()
