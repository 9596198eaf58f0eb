"""Covariates on their way through the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demand.covariates import NO_COVARIATES, Covariates
from forecasting.adjustment import Adjusted
from forecasting.quantiles import QuantileForecast
from training.ports import Partition
from training.recipe import Choice


@dataclass(frozen=True)
class GivenCovariates:
    """Covariates held in memory, the same for every partition; fulfils `CovariateSource`."""

    known: Covariates = NO_COVARIATES

    def covariates(self, partition: Partition) -> Covariates:
        """All of them."""
        del partition
        return self.known


NOTHING_BESIDE = GivenCovariates()


def restored(
    adjusted: Adjusted, quantiles: QuantileForecast, choices: Sequence[Choice]
) -> tuple[QuantileForecast, tuple[Choice, ...]]:
    """A forecast of an adjusted history with the effects put back, and its choices with what a reader should know.

    It comes after the guards: what is planned for the future may well lie beyond anything in the past.
    """
    told = [
        replace(choice, remarks=tuple(dict.fromkeys((*choice.remarks, *notes)))) if notes else choice
        for choice, notes in zip(choices, adjusted.notes, strict=True)
    ]
    return adjusted.restore(quantiles), tuple(told)
