"""What a process has used so far: processor time and memory. Knows the standard library only, as peers measure too."""

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def cpu_seconds() -> float:
    """Processor time of this process and of its finished children, user and system."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_megabytes() -> float:
    """The most memory that this process has held at a time, 10^6 bytes.

    Where the kernel tells it, that of this program alone: what `getrusage` says includes what the process held before
    it became this program, which is as much as its parent did.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6
