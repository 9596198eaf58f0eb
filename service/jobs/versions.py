"""Which code made a forecast."""

from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("computecast", "numpy", "pandas", "prophet", "scikit-learn", "scipy", "statsforecast")


def library_versions() -> dict[str, str]:
    """The versions of computecast and of the libraries that the models come from, as far as they are installed."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found
