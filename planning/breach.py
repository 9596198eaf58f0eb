"""The first breach: when demand exceeds supply for the first time."""

import numpy as np

from demand.errors import Invalid
from planning.occurrence import Occurrence


def first_breach(short: np.ndarray, sustained: int = 1) -> Occurrence:
    """The first step of the first shortage that lasts.

    Args:
        short: whether demand exceeds supply, shape (n_rows, n_paths, n_steps).
        sustained: steps in a row for which it must last; a shortage that the horizon cuts off before is not counted.

    Raises:
        Invalid: it must last for less than one step.
    """
    if sustained < 1:
        raise Invalid(f"a breach that lasts for {sustained} steps was asked for; ask for at least one")
    n_steps = short.shape[2]
    begins = np.zeros_like(short, dtype=bool)
    if sustained <= n_steps:
        windows = np.lib.stride_tricks.sliding_window_view(short, sustained, axis=2)
        begins[:, :, : windows.shape[2]] = windows.all(axis=-1)
    return Occurrence(np.where(begins.any(axis=2), begins.argmax(axis=2), n_steps), n_steps)
