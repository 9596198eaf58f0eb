"""How what users know better of accelerators is brought in."""

from demand.accelerators import Accelerator, canonical
from demand.errors import Invalid
from service.store.engine import Store


def set_accelerator(store: Store, override: Accelerator, by: str, note: str) -> Accelerator:
    """Set what is known of an accelerator, and return all that is known of it then.

    Args:
        store: where to.
        override: what is to be known in place of what is published.
        by: who sets it.
        note: why.

    Raises:
        Invalid: a name has no letter and no digit to be known by.
        Conflict: an alias stands for another accelerator.
    """
    for name in (override.name, *override.aliases):
        if not canonical(name):
            raise Invalid(f"{name!r} has no letter and no digit to be told from other names by; write one that has")
    with store.begin() as unit:
        return unit.accelerators.put(override, by, note)


def unset_accelerator(store: Store, name: str, by: str, note: str) -> Accelerator:
    """Go back to what is published of an accelerator, and return what was set.

    Raises:
        OverrideNotFound: nothing was set.
    """
    with store.begin() as unit:
        return unit.accelerators.remove(name, by, note)
