"""Carries out the Dockerfile without a container engine, in a clean folder, and asks the result for its health.

    .venv/bin/python -m tests.container.prove_dockerfile [--no-start] [--keep FOLDER]

Each stage gets an empty root folder. RUN, COPY, ENV and WORKDIR are done in order as the present user, with absolute
paths moved below that root; COPY from the context sees what .dockerignore lets through and nothing else. Then CMD is
started on a free loopback port, HEALTHCHECK is run until it passes, and the process is stopped as an engine would stop
it. The Python of the base image is stood in for by the one that runs this script; what only an engine can do (the base
image itself, USER, --chown, limits) is named in the output and not proved.
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from tests.container.dockerfile import Instruction, Stage, context_files, stages

CONTEXT = Path(__file__).parents[2]
START_LIMIT_S = 180
STOP_LIMIT_S = 10  # what engines grant between SIGTERM and SIGKILL
HOST_FOLDERS = ("/bin", "/dev", "/proc", "/usr/bin")
PASSED_ON = re.compile(r"PIP_|SSL_CERT|(?:https?|no|all)_proxy$", re.IGNORECASE)
NOT_PROVED = ("USER", "LABEL")


class Disproved(Exception):
    """A step of the Dockerfile does not work."""


@dataclass
class Build:
    """The stage being built, and the finished ones.

    Every stage is built at the same place, and moved away when it is finished: programs that know where they were
    installed, such as those of a virtual environment, still work after COPY --from, as they do in a container.
    """

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def context(self) -> Path:
        """What the engine would be sent of the build context."""
        return self.folder / "context"

    def finished(self, stage: str) -> Path:
        return self.folder / "stages" / stage

    def inside(self, text: str) -> str:
        """The same text with its absolute paths moved below the root of the stage."""
        kept = "|".join(re.escape(folder.lstrip("/")) for folder in HOST_FOLDERS)
        path = re.compile(rf"(?<![\w/.:$}}{{-])/(?!/)(?!(?:{kept})\b)|(?<=:)/(?!/)|(?<=sqlite:///)/(?!/)")
        return path.sub(lambda _: f"{self.root}/", text)

    def program(self, name: str) -> str:
        """Where a program of the stage is found by its PATH."""
        found = shutil.which(name, path=self.env["PATH"])
        if not found or not Path(found).is_relative_to(self.root):
            raise Disproved(f"{name} is not a program of the image; PATH is {self.env['PATH']}")
        return found

    def begin(self) -> None:
        """An empty root with the Python of the base image."""
        for name in ("usr/local/bin", "tmp", "root"):
            (self.root / name).mkdir(parents=True)
        python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
        for name in ("python", "python3"):
            (self.root / "usr/local/bin" / name).symlink_to(python.resolve(strict=True))
        machine = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
        self.env = machine | {"PATH": f"{self.root}/usr/local/bin:/usr/bin:/bin", "HOME": f"{self.root}/root"}
        self.workdir = "/"

    def end(self, stage: str) -> None:
        self.finished(stage).parent.mkdir(exist_ok=True)
        self.root.rename(self.finished(stage))

    def carry_out(self, step: Instruction) -> None:
        """Do one instruction."""
        match step.word:
            case "RUN":
                self._run(step)
            case "COPY":
                self._copy(step)
            case "ENV":
                for name, value in step.pairs():
                    self.env[name] = Template(self.inside(value)).safe_substitute(self.env)
            case "WORKDIR" | "VOLUME":
                Path(self.inside(step.text)).mkdir(parents=True, exist_ok=True)
                self.workdir = step.text if step.word == "WORKDIR" else self.workdir
            case "EXPOSE" | "HEALTHCHECK" | "CMD":
                return
            case word if word in NOT_PROVED:
                print("   (left to an engine)", flush=True)
            case word:
                raise Disproved(f"line {step.line}: {word} is not known here; teach it to {__file__}")

    def _run(self, step: Instruction) -> None:
        shell = ["/bin/sh", "-c", self.inside(step.text)]
        done = subprocess.run(shell, cwd=self.inside(self.workdir), env=self.env, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Disproved(f"line {step.line}: RUN ended with {done.returncode}: {step.text}")

    def _copy(self, step: Instruction) -> None:
        if "chown" in step.flags:
            print(f"   (--chown={step.flags['chown']} left to an engine)", flush=True)
        *sources, target = step.text.split()
        origin = self.finished(step.flags["from"]) if "from" in step.flags else self.context
        for source in sources:
            thing, goal = origin / source.strip("/"), Path(self.inside(target))
            if thing.is_dir():
                shutil.copytree(thing, goal, symlinks=True, dirs_exist_ok=True)
            elif thing.is_file():
                goal = goal / thing.name if target.endswith("/") else goal
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(thing, goal)
            else:
                raise Disproved(f"line {step.line}: {source} is not there, or .dockerignore hides it")


def build(folder: Path, text: str, context: Path) -> tuple[Build, Stage]:
    """Carry out every stage; the root of the last one stays where it was built."""
    state = Build(folder)
    for path in context_files(context):
        (state.context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(context / path, state.context / path)
    *earlier, last = stages(text, {})
    for stage in (*earlier, last):
        print(f"stage {stage.name} on {stage.base}, stood in for by Python {sys.version.split()[0]}", flush=True)
        state.begin()
        for step in stage.instructions:
            print(f"   {step}", flush=True)
            state.carry_out(step)
        if stage is not last:
            state.end(stage.name)
    return state, last


def serve(state: Build, stage: Stage, *, start_limit_s: float = START_LIMIT_S) -> None:
    """Start CMD, wait until HEALTHCHECK passes, and stop it as an engine would."""
    port = free_port()
    moved = {stage.only("EXPOSE").text: str(port), "0.0.0.0": "127.0.0.1"}
    command = [moved.get(part, part) for part in stage.only("CMD").arguments()]
    check = Instruction(0, "CMD", {}, stage.only("HEALTHCHECK").text.removeprefix("CMD").strip()).arguments()
    check = [re.sub(rf"127\.0\.0\.1:{stage.only('EXPOSE').text}\b", f"127.0.0.1:{port}", part) for part in check]
    print(f"start: {shlex.join(command)}", flush=True)
    process = subprocess.Popen(
        [state.program(command[0]), *command[1:]],
        cwd=state.inside(state.workdir),
        env=state.env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_health(process, [state.program(check[0]), *check[1:]], state, start_limit_s)
        stop(process)
    finally:
        kill_group(process.pid)
        process.wait()


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for_health(process: subprocess.Popen[bytes], check: list[str], state: Build, limit_s: float) -> None:
    """Run the check until it passes."""
    begun = time.monotonic()
    while time.monotonic() - begun < limit_s:
        if process.poll() is not None:
            raise Disproved(f"CMD ended with {process.returncode} before it was healthy")
        asked = subprocess.run(check, env=state.env, cwd=state.root, capture_output=True, check=False)
        if asked.returncode == 0:
            print(f"healthy after {time.monotonic() - begun:.1f} s", flush=True)
            return
        time.sleep(0.5)
    raise Disproved(f"not healthy after {limit_s:g} s: {asked.stderr.decode(errors='replace')[-500:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM to the first process only, and see that it ends in time and leaves no child behind."""
    begun = time.monotonic()
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise Disproved(f"still running {STOP_LIMIT_S} s after SIGTERM; an engine would kill it") from None
    if kill_group(process.pid):
        raise Disproved("the first process ended, but left others behind")
    print(f"stopped after {time.monotonic() - begun:.1f} s with {process.returncode}", flush=True)


def kill_group(leader: int) -> bool:
    """End what is left of the process group; whether there was anything."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Prove the Dockerfile, or say which step fails and end with 1."""
    parser = argparse.ArgumentParser(
        description="Carry out the Dockerfile in a clean folder, without a container engine."
    )
    parser.add_argument("--no-start", action="store_true", help="stop before CMD")
    parser.add_argument("--keep", type=Path, help="an empty or new folder to build in, kept afterwards")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="computecast-image-"))
    try:
        state, last = build(folder.resolve(), (CONTEXT / "Dockerfile").read_text(), CONTEXT)
        if not options.no_start:
            serve(state, last)
    except Disproved as failure:
        sys.exit(f"disproved: {failure}")
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print("proved" if not options.no_start else "proved up to CMD")


if __name__ == "__main__":
    main()
