"""Limits that come in a file beside the history, for forecasts of which nothing is stored."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
import pandas as pd

from demand.calendar import EARLIEST
from demand.errors import Invalid
from demand.history import Panel
from demand.limits import Limit, LimitKind, check_against_use, is_full, is_over, members
from demand.saturation import saturation
from demand.series import DIMENSIONS, Selection
from demand.units import ACCELERATORS
from service.file_history import History
from training.ports import Bounds, Partition

_OPTIONAL = (*DIMENSIONS, "unit", "kind", "start", "end")


def read_limits(source: BinaryIO) -> tuple[Limit, ...]:
    """The limits of a CSV file: a column `level`, and any of the dimensions, `unit`, `kind`, `start` and `end`.

    An empty dimension means all its values, several values are separated by `|`; an empty start means always, and an
    empty end for ever. An empty kind is a capacity; the others are quota and saturation.

    Raises:
        Invalid: the file cannot be read, or one of its limits cannot be used.
    """
    try:
        table = pd.read_csv(source, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise Invalid(
            f"the file of limits is no CSV: {error}; write a header with level and a line per limit"
        ) from error
    unknown = [name for name in table.columns if name not in {"level", *_OPTIONAL}]
    if "level" not in table.columns or unknown:
        raise Invalid(
            f"the file of limits has the columns {', '.join(table.columns)}; required is level, and beside it only "
            f"{', '.join(_OPTIONAL)} are read"
        )
    return tuple(_limit(line, row) for line, row in enumerate(table.to_dict("records"), start=2))


@dataclass(frozen=True)
class FileLimits:
    """Limits over history held in memory; fulfils `LimitSource`."""

    history: History
    limits: tuple[Limit, ...] = field(default=())

    def bounds(self, partition: Partition, panel: Panel) -> Bounds:
        """What held down the history of a partition, given that of all series on its grid.

        Raises:
            Invalid: a limit lies below the last value.
        """
        others = [
            row
            for row, grid in enumerate(self.history.granularities)
            if row not in partition.series_ids and grid is self.history.granularities[partition.series_ids[0]]
        ]
        everyone = Partition((*partition.series_ids, *others), partition.granularity, partition.cut_off)
        company = self.history.panel(everyone, panel.n_steps)
        for limit in self.limits:
            check_against_use(limit, company)
        limited = np.zeros(panel.n_series, dtype=bool)
        for limit in self.limits:
            limited[members(limit, panel.keys, panel.units)] |= limit.holds_use_down
        own = slice(0, panel.n_series)
        full, over = is_full(company, self.limits)[own], is_over(company, self.limits)[own]
        return replace(
            Bounds.none(panel),
            limited=limited,
            full=_ends(full, panel),
            over=_ends(over, panel),
            saturation=saturation(company, self.limits).first(panel.n_series),
        )


def _ends(found: np.ndarray, panel: Panel) -> np.ndarray:
    """The last buckets, as many as the panel has; what lies before the history of its company is not full."""
    lacking = max(panel.n_steps - found.shape[1], 0)
    return np.pad(found, ((0, 0), (lacking, 0)))[:, -panel.n_steps :]


def _limit(line: int, row: Mapping[Hashable, str]) -> Limit:
    named = {name: tuple(filter(None, row.get(name, "").split("|"))) for name in DIMENSIONS}
    try:
        return Limit(
            Selection(**named),
            float(row["level"]),
            _instant(row.get("start", "")) or EARLIEST,
            _instant(row.get("end", "")),
            LimitKind(row.get("kind") or LimitKind.CAPACITY),
            row.get("unit") or ACCELERATORS,
        )
    except (ValueError, Invalid) as error:
        raise Invalid(f"line {line} of the limits cannot be used: {error}; correct or remove it") from error


def _instant(text: str) -> pd.Timestamp | None:
    if not text:
        return None
    instant = pd.Timestamp(text)
    return instant if instant.tz is None else instant.tz_convert("UTC")
