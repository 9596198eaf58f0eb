import subprocess
import sys
from pathlib import Path

from benchmarks.cost import cpu_seconds, peak_megabytes

ROOT = Path(__file__).parents[2]


def test_work_takes_processor_time_also_in_a_child() -> None:
    before = cpu_seconds()
    sum(range(2_000_000))
    own = cpu_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert before < own < cpu_seconds()


def test_memory_is_that_of_the_program_alone_and_not_of_its_parent() -> None:
    block = bytearray(300_000_000)
    block[::4096] = b"x" * len(block[::4096])
    asked = "from benchmarks.cost import peak_megabytes; print(peak_megabytes())"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert 2 < float(said) < 150
    assert peak_megabytes() > 300
