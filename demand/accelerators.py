"""What is published of accelerators: power, memory, arithmetic and throughput, each with its source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

from demand.errors import Conflict, Invalid, NotFound
from demand.estimates import Estimate

DEFAULT = "default"
"""The name of the entry whose host overhead and PUE hold for accelerators that have none of their own."""


@dataclass(frozen=True)
class Source:
    """Where a figure is from.

    Attributes:
        title: of the data sheet, page or result; or who says so.
        url: where it can be read; empty where it cannot.
        date: of its publication where it has one, else when it was read, as in 2025-08 or 2025-08-14.
    """

    title: str
    url: str = ""
    date: str = ""


@dataclass(frozen=True)
class Figure:
    """A number with its source."""

    value: Estimate
    source: Source


@dataclass(frozen=True)
class Accelerator:
    """What is known of one accelerator; what is not known is None.

    Attributes:
        name: the one it is listed by.
        maker: who makes it.
        aliases: other names in use for it.
        power_watts: the most that it is specified to draw, without the server around it.
        memory_gb: as published; makers mix up gigabytes and gibibytes.
        bf16_tflops: 10^12 operations on dense matrices of bfloat16 per second, at most.
        tokens_per_second: output tokens of a language model per second, by the class of the model such as 70b.
        host_overhead: power of the rest of the server, as a share of that of its accelerators.
        pue: power of the site, as a multiple of that of its servers.
    """

    name: str
    maker: str = ""
    aliases: tuple[str, ...] = ()
    power_watts: Figure | None = None
    memory_gb: Figure | None = None
    bf16_tflops: Figure | None = None
    tokens_per_second: Mapping[str, Figure] = field(default_factory=dict)
    host_overhead: Figure | None = None
    pue: Figure | None = None

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            figure = getattr(self, name)
            if figure is not None:
                _check(f"the {name} of {self.name!r}", figure.value, least, may_equal=name in {"host_overhead", "pue"})
        for model_class, figure in self.tokens_per_second.items():
            _check(f"the throughput of {self.name!r} for {model_class!r}", figure.value, 0, may_equal=False)

    def overridden(self, other: "Accelerator") -> "Accelerator":
        """This one with everything that is known of the other in its place; throughputs and aliases add up."""
        changes = {each.name: getattr(other, each.name) for each in fields(self) if each.name not in {"name"}}
        known = {name: value for name, value in changes.items() if value is not None and value not in ("", (), {})}
        if other.tokens_per_second:
            known["tokens_per_second"] = {**self.tokens_per_second, **other.tokens_per_second}
        known["aliases"] = tuple(dict.fromkeys((*self.aliases, *other.aliases)))
        return replace(self, **known)


LEAST = {"power_watts": 0.0, "memory_gb": 0.0, "bf16_tflops": 0.0, "host_overhead": 0.0, "pue": 1.0}
"""What each figure must exceed; an overhead and a PUE may also be just that."""


class AcceleratorNotFound(NotFound):
    """The catalogue has no accelerator of this name."""

    def __init__(self, name: str) -> None:
        what = f"nothing is known of the accelerator {name!r}" if name else "no accelerator is named"
        super().__init__(
            f"{what}; GET /v1/accelerators lists what is known, and PUT /v1/accelerators/{name or '{name}'} adds to it"
        )
        self.name = name


@dataclass(frozen=True)
class Catalogue:
    """Accelerators by name.

    Attributes:
        version: the date of the published figures, and the number of the last change to them.
        accelerators: no two share a name or an alias, letter case and separators aside.
        default: what holds where an accelerator has no host overhead or PUE of its own.
    """

    version: str
    accelerators: tuple[Accelerator, ...]
    default: Accelerator

    @cached_property
    def _by_name(self) -> dict[str, Accelerator]:
        found: dict[str, Accelerator] = {}
        for accelerator in (*self.accelerators, self.default):
            for name in {canonical(name) for name in (accelerator.name, *accelerator.aliases)}:
                other = found.setdefault(name, accelerator)
                if other is not accelerator:
                    raise Conflict(
                        f"{name!r} would stand for {other.name!r} and for {accelerator.name!r}; leave the alias to one"
                    )
        return found

    def find(self, name: str) -> Accelerator:
        """The accelerator of a name or alias, whatever its letter case and separators.

        Raises:
            AcceleratorNotFound: there is none.
        """
        found = self._by_name.get(canonical(name))
        if found is None:
            raise AcceleratorNotFound(name)
        return found

    def host_overhead(self, accelerator: Accelerator) -> Figure | None:
        """That of the accelerator, or the default."""
        return accelerator.host_overhead or self.default.host_overhead

    def pue(self, accelerator: Accelerator) -> Figure | None:
        """That of the sites of the accelerator, or the default."""
        return accelerator.pue or self.default.pue

    def overridden(self, overrides: Sequence[Accelerator], version: str) -> "Catalogue":
        """The catalogue with entries replaced in part, or added.

        Args:
            overrides: what to put in place, or to add, by name.
            version: of the result.

        Raises:
            Conflict: a name or an alias would stand for two accelerators.
        """
        default, rows = self.default, {each.name: each for each in self.accelerators}
        for override in overrides:
            known = self._by_name.get(canonical(override.name))
            if known is self.default:
                default = default.overridden(override)
            elif known is None:
                rows[override.name] = override
            else:
                rows[known.name] = rows[known.name].overridden(override)
        merged = Catalogue(version, tuple(rows.values()), default)
        merged.find(DEFAULT)
        return merged


def canonical(name: str) -> str:
    """A name without its letter case and separators: `A100-SXM4-80GB` and `a100_sxm4_80gb` are the same."""
    return "".join(character for character in name.casefold() if character.isalnum())


@lru_cache(maxsize=1)
def published() -> Catalogue:
    """The catalogue as it ships: figures that could be verified, and none that could not."""
    text = resources.files("demand").joinpath("accelerators.json").read_text(encoding="utf-8")
    document = json.loads(text)
    sources = {key: Source(**entry) for key, entry in document["sources"].items()}
    listed = tuple(_accelerator(name, entry, sources) for name, entry in document["accelerators"].items())
    return Catalogue(document["version"], listed, _accelerator(DEFAULT, document["default"], sources))


def _accelerator(name: str, entry: Mapping[str, Any], sources: Mapping[str, Source]) -> Accelerator:
    figures = {each: _figure(entry[each], sources) for each in LEAST if each in entry}
    throughput = {each: _figure(found, sources) for each, found in entry.get("tokens_per_second", {}).items()}
    return Accelerator(name, entry["maker"], tuple(entry["aliases"]), tokens_per_second=throughput, **figures)


def _figure(entry: Mapping[str, Any], sources: Mapping[str, Source]) -> Figure:
    value = entry["value"]
    estimate = Estimate(*value) if isinstance(value, list) else Estimate.certain(value)
    return Figure(estimate, sources[entry["source"]])


def _check(what: str, value: Estimate, least: float, *, may_equal: bool) -> None:
    if value.low < least or (value.low == least and not may_equal):
        raise Invalid(f"{what} cannot be {value.low:g}; give numbers {'from' if may_equal else 'above'} {least:g}")
