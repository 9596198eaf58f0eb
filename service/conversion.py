"""Published demand in other units."""

from dataclasses import dataclass

import numpy as np

from demand.accelerators import AcceleratorNotFound
from demand.calendar import buckets
from demand.errors import Invalid
from demand.history import FloatArray
from forecasting.dependence import SHARED_SEED
from planning.conversion import Converter
from service.published import Window
from service.store.forecasts import PublishedForecast
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Conversion:
    """How the series of an answer are turned into one unit, or left as they are.

    Attributes:
        converter: None where they are left.
    """

    converter: Converter | None = None

    @property
    def catalogue(self) -> str | None:
        """The version of what is known of accelerators; None where it was not needed."""
        return None if self.converter is None else self.converter.catalogue.version

    def unit_of(self, forecast: PublishedForecast) -> str:
        """The unit that a series is answered in."""
        return forecast.series.unit if self.converter is None else self.converter.unit

    def change(self, forecast: PublishedForecast, drawn: FloatArray) -> FloatArray:
        """The paths of a series in that unit.

        Raises:
            Invalid: its unit does not convert, or what that takes is not known of its accelerator.
        """
        if self.converter is None:
            return drawn
        series = forecast.series
        try:
            return self.converter.convert(drawn, series.unit, series.key.accelerator)
        except (Invalid, AcceleratorNotFound) as error:
            raise Invalid(f"series {series.id} ({series.key}): {error}") from error


def conversion(asked: str | None, model_class: str | None, view: Window, unit: UnitOfWork) -> Conversion:
    """How the selected forecasts are turned into the unit that was asked for.

    Args:
        asked: the unit; None to leave them as they are.
        model_class: of language models, for tokens per second.
        view: the selected forecasts.
        unit: to look up what is known of accelerators.
    """
    if asked is None:
        return Conversion()
    starts = buckets(view.start, view.horizon + 1, view.granularity)
    hours = np.diff(starts.asi8) / 3_600_000_000_000
    return Conversion(Converter(unit.accelerators.catalogue(), asked, hours, model_class or "", SHARED_SEED))
