"""Demand in other units: accelerators as accelerator-hours, megawatts or tokens per second, and back."""

from dataclasses import dataclass

import numpy as np

from demand.accelerators import Accelerator, Catalogue, Figure
from demand.errors import Invalid
from demand.history import FloatArray
from demand.units import ACCELERATOR_HOURS, ACCELERATORS, MEGAWATTS, TOKENS_PER_SECOND, check_convertible
from planning.estimates import normal_draws

WATTS_PER_MEGAWATT = 1e6


@dataclass(frozen=True)
class Converter:
    """Turns sample paths into one unit.

    What is not known exactly is drawn once per path, and alike for everything that shares it: the PUE and the host
    overhead by their defaults, and how a class of models is served. So a difference between two answers is not the
    dice's.

    Attributes:
        catalogue: what is known of accelerators.
        unit: the unit to turn into, one of `CONVERTIBLE`.
        hours: hours in each bucket, shape (n_steps,).
        model_class: the class of language models that tokens are of.
        seed: of the draws.
        at_middle: whether what is not known exactly is its middle on every path, and not drawn.
    """

    catalogue: Catalogue
    unit: str
    hours: FloatArray
    model_class: str = ""
    seed: int = 0
    at_middle: bool = False

    def __post_init__(self) -> None:
        check_convertible(self.unit)
        if self.unit == TOKENS_PER_SECOND and not self.model_class:
            raise Invalid(
                f"tokens per second depend on the model; name one of the classes {', '.join(self.model_classes)}, "
                "as in model_class=70b"
            )

    @property
    def model_classes(self) -> list[str]:
        """The classes that some accelerator has a throughput for, in order of size."""
        known = {each for accelerator in self.catalogue.accelerators for each in accelerator.tokens_per_second}
        return sorted(known, key=lambda name: (len(name), name))

    def convert(self, values: FloatArray, unit: str, accelerator: str) -> FloatArray:
        """Paths in the unit of the converter.

        Args:
            values: levels, shape (n_paths, n_steps).
            unit: their unit.
            accelerator: what they are of, by any of its names.

        Raises:
            Invalid: one of the units does not convert, or the figure that it takes is not known.
            AcceleratorNotFound: nothing is known of the accelerator.
        """
        if unit == self.unit:
            return values
        check_convertible(unit)
        n_paths = len(values)
        return (
            values
            / self._per_accelerator(unit, accelerator, n_paths)
            * self._per_accelerator(self.unit, accelerator, n_paths)
        )

    def _per_accelerator(self, unit: str, name: str, n_paths: int) -> FloatArray:
        """How much of a unit one accelerator is, broadcastable to (n_paths, n_steps)."""
        if unit == ACCELERATORS:
            return np.ones((1, 1))
        if unit == ACCELERATOR_HOURS:
            return self.hours[np.newaxis, :]
        accelerator = self.catalogue.find(name)
        each = self._megawatts if unit == MEGAWATTS else self._tokens_per_second
        return each(accelerator, n_paths)[:, np.newaxis]

    def _megawatts(self, accelerator: Accelerator, n_paths: int) -> FloatArray:
        power = _known(accelerator, accelerator.power_watts, "power", "power_watts")
        overhead = _known(accelerator, self.catalogue.host_overhead(accelerator), "host overhead", "host_overhead")
        pue = _known(accelerator, self.catalogue.pue(accelerator), "PUE", "pue")
        own_overhead = accelerator.name if accelerator.host_overhead else ""
        own_pue = accelerator.name if accelerator.pue else ""
        watts = self._draw(power, f"power/{accelerator.name}", 0, n_paths)
        server = 1 + self._draw(overhead, f"host_overhead/{own_overhead}", 0, n_paths)
        return watts * server * self._draw(pue, f"pue/{own_pue}", 1, n_paths) / WATTS_PER_MEGAWATT

    def _tokens_per_second(self, accelerator: Accelerator, n_paths: int) -> FloatArray:
        model = self.model_class.casefold()
        if not model:
            raise Invalid("demand in tokens per second is of a model; name its class, as in model_class=70b")
        figure = accelerator.tokens_per_second.get(model)
        if figure is None:
            known = ", ".join(accelerator.tokens_per_second) or "no class"
            raise Invalid(
                f"no throughput of {accelerator.name!r} is known for models of class {self.model_class!r} (known for "
                f'{known}); set it with PUT /v1/accelerators/{accelerator.name} {{"tokens_per_second": '
                f'{{"{model}": ...}}}}, or ask for another class or unit'
            )
        return self._draw(figure, f"tokens_per_second/{model}", 0, n_paths)

    def _draw(self, figure: Figure, name: str, least: float, n_paths: int) -> FloatArray:
        if self.at_middle or figure.value.is_certain:
            return np.full(n_paths, figure.value.mid)
        return figure.value.above(least, normal_draws(self.seed, f"units/{name}", n_paths))


def _known(accelerator: Accelerator, figure: Figure | None, what: str, field: str) -> Figure:
    if figure is None:
        raise Invalid(
            f"the {what} of {accelerator.name!r} is not known, so it cannot be told in megawatts; set it with PUT "
            f'/v1/accelerators/{accelerator.name} {{"{field}": ...}}, or ask for another unit'
        )
    return figure
