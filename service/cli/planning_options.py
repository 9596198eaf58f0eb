"""Options that questions about demand against supply share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from demand.errors import Invalid
from planning.outlook import OutlookQuestion
from planning.pools import PLACE
from service.connectors.covariate_files import moment
from service.outlooks import Prices, SupplyQuestion
from service.supply_ahead import Told

LEVELS = (0.1, 0.5, 0.9)
"""Of all quantiles."""

Unit = Annotated[
    str | None,
    typer.Option(
        help="Tell levels in accelerators, accelerator_hours, megawatts or tokens_per_second; as they are counted."
    ),
]
ModelClass = Annotated[str, typer.Option(help="Of the models that tokens_per_second are of, as in 70b.")]
PoolBy = Annotated[
    str | None, typer.Option(help="What tells pools apart: region, accelerator or both; the pools in force.")
]
Price = Annotated[float | None, typer.Option(min=0, help="In the currency of the ledger, per accelerator and hour.")]
SlipCorrelation = Annotated[
    float, typer.Option(min=0, max=1, help="What delays of blocks of one provider in one region have in common.")
]
AsOf = Annotated[str, typer.Option(help="The ledger and the pools as they were at this instant, with an offset.")]


def told_in(unit: str | None, model_class: str) -> Told:
    """The unit that is asked for."""
    return Told(unit, model_class.strip())


def supply_question(
    pool_by: str | None, prices: Prices, slip_correlation: float, unit: Told, told: OutlookQuestion | None = None
) -> SupplyQuestion:
    """The supply that is asked for.

    Raises:
        Invalid: pools are told apart by what does not tell them apart.
    """
    by = None if pool_by is None else dimensions(pool_by, PLACE, "pool_by")
    return SupplyQuestion(by, prices, told or OutlookQuestion(LEVELS), slip_correlation, unit)


def dimensions(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    """Names between commas.

    Raises:
        Invalid: one of them is not known.
    """
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"--{option.replace('_', '-')} {unknown[0]!r} is none of {', '.join(known)}")
    return names


def instant(text: str) -> datetime | None:
    """A moment that an option names; None where it is not given.

    Raises:
        Invalid: it is none, or has no offset.
    """
    return moment(text).to_pydatetime() if text else None
