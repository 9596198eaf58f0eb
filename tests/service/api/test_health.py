from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient

from service.store.engine import Store

THREADS = 40
"""As many as the server has for work that blocks."""


def test_the_service_stays_alive_and_answers_while_more_ingests_than_threads_wait(
    client: TestClient, store: Store
) -> None:
    def send(number: int) -> int:
        rows = f"timestamp,tenant,value\n2025-01-06T00:00:00Z,t{number},1\n"
        return client.post("/v1/observations", content=rows, headers={"content-type": "text/csv"}).status_code

    engine = store.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with ThreadPoolExecutor(THREADS + 12) as pool:
        with engine.connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE ingest IN EXCLUSIVE MODE")
            waiting = [pool.submit(send, number) for number in range(THREADS + 8)]
            for path in ["/healthz", "/v1/series", "/v1/models"] * 3:
                assert pool.submit(client.get, path).result(timeout=10).status_code == 200
            assert not any(ingest.done() for ingest in waiting)
        assert {ingest.result() for ingest in waiting} == {200}
