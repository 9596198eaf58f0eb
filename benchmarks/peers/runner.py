"""The program that forecasts with a peer: `python -m benchmarks.peers.runner NAME FOLDER` in the peers' environment.

It answers the questions in the folder (`benchmarks.exchange`). A peer is a function of one series; it lives in a
module of its own, so that one whose package is missing costs only itself.
"""

import importlib
import logging
import sys
import warnings
from pathlib import Path

import numpy as np

from benchmarks.exchange import Answer, Question, answer_all, decline
from benchmarks.peers.series import Peer, series

PEERS = {
    "prophet": "additive:prophet",
    "ets": "classical:ets",
    "theta": "classical:theta",
    "mstl": "classical:mstl",
    "ces": "classical:ces",
    "arima": "classical:arima",
    "flair": "ridge:flair",
    "fracast": "pretrained:fracast",
    "autogluon": "automatic:autogluon",
}
"""Per peer its module in this package and the function in it."""


def answer(question: Question, peer: Peer) -> Answer:
    """What a peer says to a question; a series that it fails on is left out, with the reason.

    Crossing quantiles are put in order; what is below zero stays there, as published figures have it.
    """
    quantiles = np.full((len(question.values), question.horizon, len(question.levels)), np.nan)
    failures = {}
    for row, each in enumerate(series(question)):
        try:
            quantiles[row] = np.sort(peer(each), axis=-1)
        except Exception as error:  # noqa: BLE001 - whatever a peer raises costs its own series only
            failures[row] = f"{type(error).__name__}: {error}"
    return Answer(quantiles, failures=failures)


def main(name: str, folder: Path) -> None:
    """Answer the questions in a folder, or say why this peer cannot."""
    module, function = PEERS[name].split(":")
    try:
        peer: Peer = getattr(importlib.import_module(f"benchmarks.peers.{module}"), function)
    except ImportError as error:
        decline(folder, f"not installed: {error}")
        return
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    answer_all(folder, lambda question: answer(question, peer))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
