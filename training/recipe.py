"""What training learns: small JSON documents from which a forecast can be made again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from demand.calendar import Granularity
from training.latent import Latent


@dataclass(frozen=True)
class Choice:
    """Which model forecasts one series, and why.

    Attributes:
        model: the name of the chosen model.
        scores: backtest scaled quantile loss of every model that was tried, lower is better.
        naive_score: the same for the seasonal naive with Gaussian intervals.
        coverage_80: share of backtest actuals inside the 10 %-90 % band of the chosen model.
        warnings: what a reader should know of the choice, such as why nothing could be compared.
        served_by: the simpler model that made this forecast because the chosen one could not.
        fallback_reason: why it could not, empty if it could.
        latent: what held use below demand in the history, None where nothing is known to have done so.
    """

    model: str
    scores: Mapping[str, float] = field(default_factory=dict)
    naive_score: float | None = None
    coverage_80: float | None = None
    warnings: tuple[str, ...] = ()
    served_by: str | None = None
    fallback_reason: str = ""
    latent: Latent | None = None

    @property
    def maker(self) -> str:
        """The model that made the forecast."""
        return self.served_by or self.model

    @property
    def score(self) -> float | None:
        """Backtest scaled quantile loss of the model that made the forecast."""
        return self.scores.get(self.maker)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of this forecast should know."""
        told = self.warnings if self.latent is None else (*self.warnings, *self.latent.notes)
        if self.served_by is None:
            return told
        return (*told, f"{self.served_by} in place of {self.model}: {self.fallback_reason}")

    def to_json(self) -> dict[str, Any]:
        """The choice as a JSON object."""
        latent = None if self.latent is None else self.latent.to_json()
        return asdict(self) | {"scores": dict(self.scores), "warnings": list(self.warnings), "latent": latent}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Choice":
        """The choice that `to_json` wrote."""
        latent = None if document.get("latent") is None else Latent.from_json(document["latent"])
        return cls(**{**document, "warnings": tuple(document["warnings"]), "latent": latent})


@dataclass(frozen=True)
class Recipe:
    """How the forecasts of one run were made.

    Attributes:
        granularity: width of the forecast buckets.
        horizon: buckets ahead.
        levels: quantile levels that are stored.
        seed: seed of every draw.
        as_of: ISO instant of the state of history that was read, None where nothing was stored.
        models: the catalogue that was tried.
        fingerprint: SHA-256 over the history that was read, per partition.
        versions: of the code and of the libraries that the models come from.
    """

    granularity: Granularity
    horizon: int
    levels: tuple[float, ...]
    seed: int
    as_of: str | None
    models: tuple[str, ...]
    fingerprint: tuple[str, ...]
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The recipe as a JSON object."""
        return asdict(self) | {"granularity": self.granularity.value, "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Recipe":
        """The recipe that `to_json` wrote."""
        tuples = {name: tuple(document[name]) for name in ("levels", "models", "fingerprint")}
        return cls(**{**document, **tuples, "granularity": Granularity(document["granularity"])})
