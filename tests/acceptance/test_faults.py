"""Processes killed in the middle: nothing acknowledged is lost, nothing is half there, and runs end well."""

import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import httpx2
import numpy as np
import pandas as pd
import sqlalchemy as sa

from service.store.engine import Store
from service.store.locks import INGEST_LOCK
from tests.acceptance.conftest import Server

SERIES = 6
HOURS = 4000
QUICK = {
    "COMPUTECAST_MODELS": '["seasonal_naive", "theta"]',
    "COMPUTECAST_PARTITION_SIZE": "2",
    "COMPUTECAST_N_JOBS": "1",
}


def rows(hours: int, level: float) -> bytes:
    """Hourly demand of several tenants with a daily shape, as CSV."""
    index = pd.date_range("2023-01-02", periods=hours, freq="h", tz="UTC")
    rng = np.random.default_rng(11)
    lines = ["timestamp,tenant,workload,value"]
    for tenant in range(SERIES):
        shape = level + 20 * np.sin(2 * np.pi * np.arange(hours) / 24) + rng.normal(0, 2, hours)
        stamps = index.strftime("%Y-%m-%dT%H:%M:%SZ")
        lines += [f"{stamp},t{tenant},training,{value:.3f}" for stamp, value in zip(stamps, shape, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def observations(server: Server) -> int:
    return sum(series["observations"] for series in server.client.get("/v1/series").json())


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def worker_pid(store: Store) -> int:
    """The process that works for the server; the store knows it once it beats."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with store.read() as unit:
            workers = unit.workers.alive(pd.Timestamp(0, tz="UTC").to_pydatetime())
        if workers:
            return workers[-1].pid
        time.sleep(0.1)
    raise AssertionError("no worker has shown itself")


def half_way(run: dict) -> bool:
    return any(part["state"] == "done" for part in run["partitions"]) and run["state"] == "running"


def merging(store: Store) -> bool:
    """Whether somebody holds the lock under which an ingest is moved into the store, from its start to its commit."""
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect() as connection:
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = :low"
            return bool(connection.execute(sa.text(held), {"low": INGEST_LOCK & 0xFFFFFFFF}).scalar_one())
    with closing(sqlite3.connect(str(store.engine.url.database), timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def values(server: Server) -> list[list[float]]:
    """Every stored value, by series and time."""
    pages = [server.client.get(f"/v1/observations?series_id={series}&limit=10000") for series in range(1, SERIES + 1)]
    return [[row["value"] for row in page.json()] for page in pages]


def test_the_api_killed_in_mid_ingest_keeps_what_it_acknowledged_and_nothing_by_halves(
    serve: Callable[..., Server], store: Store
) -> None:
    server = serve("--no-worker")
    server.ingest(rows(HOURS, level=50.0))
    acknowledged = values(server)
    assert [len(series) for series in acknowledged] == [HOURS] * SERIES
    body = rows(2 * HOURS, level=70.0)
    answers: list[int] = []

    def send() -> None:
        with suppress(httpx2.TransportError):
            answer = server.client.post("/v1/observations", content=body, headers={"content-type": "text/csv"})
            answers.append(answer.status_code)

    sender = threading.Thread(target=send)
    sender.start()
    while not merging(store):
        assert sender.is_alive(), f"the ingest is over and was not seen: {answers}"
    os.kill(server.process.pid, signal.SIGSTOP)
    assert merging(store), "it stands still in the middle of the merge"
    kill(server.process.pid)
    sender.join()
    assert answers == []

    again = serve("--no-worker")
    assert values(again) == acknowledged
    report = again.ingest(body)
    assert (report["updated"], report["inserted"], report["rejected"]) == (SERIES * HOURS, SERIES * HOURS, 0)
    assert [len(series) for series in values(again)] == [2 * HOURS] * SERIES


def test_a_run_whose_worker_is_killed_is_finished_by_the_next_one(serve: Callable[..., Server], store: Store) -> None:
    server = serve(**QUICK)
    server.ingest(rows(1500, level=100.0))
    run_id = server.start_run(horizon=168)
    server.wait(run_id, half_way)
    kill(worker_pid(store))
    server.finish(run_id)
    assert_published_once(server, run_id)


def test_a_run_whose_server_is_killed_is_finished_after_the_restart(serve: Callable[..., Server]) -> None:
    server = serve(**QUICK)
    server.ingest(rows(1500, level=100.0))
    run_id = server.start_run(horizon=168)
    server.wait(run_id, half_way)
    kill(server.process.pid)
    again = serve(**QUICK)
    again.finish(run_id)
    assert_published_once(again, run_id)


def test_a_run_asked_for_while_no_worker_is_there_waits_for_one(serve: Callable[..., Server]) -> None:
    server = serve("--no-worker")
    server.ingest(rows(1500, level=100.0))
    run_id = server.start_run(horizon=24)
    assert server.run(run_id)["state"] == "queued"
    server.stop()
    serve(**QUICK | {"COMPUTECAST_MODELS": '["seasonal_naive", "profile"]'}).finish(run_id)


def assert_published_once(server: Server, run_id: str) -> None:
    results = server.client.get(f"/v1/training-runs/{run_id}/series").json()
    assert [result["state"] for result in results] == ["done"] * SERIES
    answer = server.client.get("/v1/forecasts?horizon=168").json()
    assert {source["run_id"] for source in answer["sources"]} == {run_id}
    assert answer["groups"][0]["training"]["series"] == SERIES


def test_a_body_of_two_gigabytes_is_refused_before_it_is_sent(serve: Callable[..., Server]) -> None:
    server = serve("--no-worker")
    address = server.client.base_url
    with socket.create_connection((address.host, address.port), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/observations HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
            b"Content-Length: 2147483648\r\n\r\ntimestamp,value\r\n"
        )
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413")
    assert observations(server) == 0
