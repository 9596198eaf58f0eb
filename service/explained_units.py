"""Explanations of forecasts in other units."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from demand.accelerators import AcceleratorNotFound
from demand.calendar import buckets
from demand.errors import Invalid
from demand.history import FloatArray
from forecasting.decomposition import Decomposition
from planning.conversion import Converter
from service.explained import Explanation, Member
from service.store.unit_of_work import UnitOfWork
from service.stretches import Stretch
from service.supply_ahead import Told

AT_THE_MIDDLE = (
    "how far the conversion itself is uncertain: every figure of it is at its middle here, so that parts and weighted "
    "members still add up; GET /v1/forecasts with the same unit carries it in the quantiles"
)


def explain_in(made: Explanation, told: Told, unit: UnitOfWork) -> Explanation:
    """An explanation whose levels are in a unit, each figure of the conversion at its middle.

    Args:
        made: as it is stored.
        told: the unit; as it is stored where none is asked for.
        unit: to look up what is known of accelerators.

    Raises:
        Invalid: the unit of the series does not convert, or what that takes is not known of its accelerator.
    """
    series = made.forecast.series
    if told.unit is None:
        return made
    hours = np.diff(buckets(made.forecast.start, len(made.quantiles) + 1, made.granularity).as_unit("ns").asi8)
    catalogue = unit.accelerators.catalogue()
    converter = Converter(catalogue, told.unit, hours / 3_600_000_000_000, told.model_class, at_middle=True)
    try:
        ones = np.ones((1, len(made.quantiles)))
        factors = converter.convert(ones, series.unit, series.key.accelerator)[0]
    except (Invalid, AcceleratorNotFound) as error:
        raise Invalid(f"series {series.id} ({series.key}): {error}") from error
    return replace(
        made,
        quantiles=made.quantiles * factors[:, None],
        stretches=tuple(_stretch(each, factors) for each in made.stretches),
        members=tuple(_member(each, factors) for each in made.members),
        parts=_parts(made.parts, factors),
        untold=(*made.untold, AT_THE_MIDDLE),
        told_unit=told.unit,
        catalogue=catalogue.version,
    )


def _member(member: Member, factors: FloatArray) -> Member:
    return replace(member, quantiles=member.quantiles * factors[:, None])


def _parts(parts: Decomposition, factors: FloatArray) -> Decomposition:
    seasonal: Mapping[str, FloatArray] = {name: values * factors for name, values in parts.seasonal.items()}
    return Decomposition(parts.trend * factors, seasonal, parts.remainder * factors)


def _stretch(stretch: Stretch, factors: FloatArray) -> Stretch:
    """The stretch with past errors as large as they are on average over its buckets."""
    if stretch.errors is None:
        return stretch
    factor = float(factors[stretch.first - 1 : stretch.last].mean())
    errors = stretch.errors
    return replace(
        stretch,
        errors=replace(errors, bias=errors.bias * factor, low=errors.low * factor, high=errors.high * factor),
    )
