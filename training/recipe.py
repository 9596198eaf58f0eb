"""What training learns: small JSON documents from which a forecast can be made again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from demand.calendar import Granularity
from training.latent import Latent


@dataclass(frozen=True)
class PastErrors:
    """How forecasts of one stretch of the horizon erred in the backtest, in the unit of demand.

    Attributes:
        until: the last lead of the stretch, in buckets.
        count: how many outcomes were known.
        bias: mean of outcome less median.
        low: the lower decile of outcome less median.
        high: the upper decile.
    """

    until: int
    count: int
    bias: float
    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """What was learned about one series: which models forecast it, with what weights and widths, and why.

    Attributes:
        model: `ensemble`, or the name of the one model that is used where there is nothing to weigh.
        scores: backtest scaled quantile loss of the ensemble and of every model that was tried, lower is better.
        naive_score: the same for the seasonal naive with Gaussian intervals.
        coverage_80: share of backtest actuals inside the calibrated 10 %-90 % band.
        warnings: what a reader should know of the choice, such as why nothing could be compared.
        served_by: the simpler model that made this forecast because the chosen one could not.
        fallback_reason: why it could not, empty if it could.
        weights: per model its weight in each stretch of the horizon.
        widths: per side of the median, `lower` and `upper`, the calibration factor of each stretch.
        errors: how past forecasts of each stretch erred.
        remarks: what is to be said of this one forecast, such as which member was dropped from it.
        latent: what held use below demand in the history, None where nothing is known to have done so.
    """

    model: str
    scores: Mapping[str, float] = field(default_factory=dict)
    naive_score: float | None = None
    coverage_80: float | None = None
    warnings: tuple[str, ...] = ()
    served_by: str | None = None
    fallback_reason: str = ""
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    widths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    errors: tuple[PastErrors, ...] = ()
    remarks: tuple[str, ...] = ()
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
        told = [*self.warnings, *(self.latent.notes if self.latent else ())]
        if self.served_by is not None:
            told.append(f"{self.served_by} in place of {self.model}: {self.fallback_reason}")
        return (*told, *self.remarks)

    def mean_weights(self) -> dict[str, float]:
        """The weight of each model, averaged over the stretches, the heaviest first."""
        means = {name: sum(each) / len(each) for name, each in self.weights.items()}
        return dict(sorted(means.items(), key=lambda item: -item[1]))

    def to_json(self) -> dict[str, Any]:
        """The choice as a JSON object."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Choice":
        """The choice that `to_json` wrote, also before there were weights."""
        by_stretch = {
            name: {key: tuple(values) for key, values in document.get(name, {}).items()}
            for name in ("weights", "widths")
        }
        errors = tuple(PastErrors(**each) for each in document.get("errors", ()))
        texts = {name: tuple(document.get(name, ())) for name in ("warnings", "remarks")}
        latent = None if document.get("latent") is None else Latent.from_json(document["latent"])
        return cls(**{**document, **texts, **by_stretch, "errors": errors, "latent": latent})


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
        preset: which selection of the catalogue that was.
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
    preset: str = "balanced"

    def to_json(self) -> dict[str, Any]:
        """The recipe as a JSON object."""
        return asdict(self) | {"granularity": self.granularity.value, "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Recipe":
        """The recipe that `to_json` wrote."""
        tuples = {name: tuple(document[name]) for name in ("levels", "models", "fingerprint")}
        return cls(**{**document, **tuples, "granularity": Granularity(document["granularity"])})
