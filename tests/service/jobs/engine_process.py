"""A process with an engine whose steps only write down what they do; run by test_engine.py.

Arguments: database URL, worker id, folder, ids of workers to recover. In the folder, `diary` is what was done, a
partition waits while `hold-<number>` exists, and one for which `deadly-<number>` exists kills its process.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from service.jobs.engine import Engine
from service.settings import Settings


class Diary:
    def __init__(self, folder: Path, worker_id: str) -> None:
        self.folder = folder
        self.worker_id = worker_id

    def note(self, *words: object) -> None:
        with (self.folder / "diary").open("a") as diary:
            diary.write(" ".join(map(str, (self.worker_id, *words))) + "\n")

    def plan(self, run_id: str) -> int:
        self.note("plan", run_id)
        return 3

    def train(self, run_id: str, number: int) -> str:
        self.note("train", run_id, number)
        if (self.folder / f"deadly-{number}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        while (self.folder / f"hold-{number}").exists():
            time.sleep(0.01)
        self.note("trained", run_id, number)
        return f"print-{number}"

    def publish(self, run_id: str, fingerprints: Sequence[str]) -> None:
        self.note("publish", run_id, *fingerprints)

    def fail(self, run_id: str, reason: str) -> None:
        self.note("fail", run_id, reason)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


def main() -> None:
    url, worker_id, folder, *gone = sys.argv[1:]
    diary = Diary(Path(folder), worker_id)
    engine = Engine(Settings(database_url=url), worker_id, diary)
    engine.start()
    diary.note("started")
    if gone:
        diary.note("recovered", engine.recover(gone))
    threading.Event().wait()


if __name__ == "__main__":
    main()
