"""Covariates on their way through the pipeline."""

from dataclasses import dataclass, replace

from demand.covariates import NO_COVARIATES, Covariates
from demand.history import Panel
from forecasting.adjustment import Adjusted
from forecasting.quantiles import QuantileForecast
from training.assembly import MEMBER_LEVELS, PanelForecast
from training.ports import Partition


@dataclass(frozen=True)
class GivenCovariates:
    """Covariates held in memory, the same for every partition; fulfils `CovariateSource`."""

    known: Covariates = NO_COVARIATES

    def covariates(self, partition: Partition) -> Covariates:
        """All of them."""
        del partition
        return self.known


NOTHING_BESIDE = GivenCovariates()


def restored(adjusted: Adjusted, made: PanelForecast, whole: Panel) -> PanelForecast:
    """A forecast of an adjusted history with the effects put back, and what a reader should know of them.

    It comes after the guards: what is planned for the future may well lie beyond anything in the past.

    Args:
        adjusted: the history that was forecast.
        made: its forecast.
        whole: the history as it was observed.
    """
    choices = tuple(
        replace(choice, remarks=tuple(dict.fromkeys((*choice.remarks, *notes)))) if notes else choice
        for choice, notes in zip(made.choices, adjusted.notes, strict=True)
    )
    members = {
        name: adjusted.restore(QuantileForecast(MEMBER_LEVELS, values)).values for name, values in made.members.items()
    }
    return replace(
        made,
        panel=whole.last(made.panel.n_steps),
        quantiles=adjusted.restore(made.quantiles),
        choices=choices,
        members=members,
    )
