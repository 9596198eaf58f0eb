"""Reading a Dockerfile and its build context the way a container engine does, as far as ours uses it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its flags (`--from=builder`) taken apart."""

    line: int
    word: str
    flags: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        flags = "".join(f"--{name}={value} " for name, value in self.flags.items())
        return f"{self.line}: {self.word} {flags}{self.text}"

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The NAME=value pairs of ENV, ARG and LABEL."""
        for pair in shlex.split(self.text):
            name, _, value = pair.partition("=")
            yield name, value

    def arguments(self) -> list[str]:
        """The arguments of the JSON form of CMD and the like."""
        arguments = json.loads(self.text)
        if not isinstance(arguments, list):
            raise ValueError(f"line {self.line}: write {self.word} as a JSON array, so that no shell is needed")
        return [str(argument) for argument in arguments]


@dataclass(frozen=True)
class Stage:
    """What follows one FROM."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def only(self, word: str) -> Instruction:
        """The instruction of this kind that is in force: the last one."""
        found = [instruction for instruction in self.instructions if instruction.word == word]
        if not found:
            raise ValueError(f"stage {self.name} has no {word}")
        return found[-1]


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions in order, continued lines joined and comments left out."""
    start, pending = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#") or not (pending or line.strip()):
            continue
        start = start if pending else number
        pending += line.rstrip().removesuffix("\\")
        if not line.rstrip().endswith("\\"):
            yield _instruction(start, pending.strip())
            pending = ""


def _instruction(line: int, text: str) -> Instruction:
    word, _, rest = text.partition(" ")
    flags: dict[str, str] = {}
    while found := re.match(r"--([\w-]+)=(\S+)\s+", rest := rest.lstrip()):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return Instruction(line, word.upper(), flags, rest)


def stages(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """The stages in order; `arguments` override the defaults of ARG before the first FROM."""
    defaults: dict[str, str] = {}
    found: list[tuple[str, str, list[Instruction]]] = []
    for instruction in instructions(text):
        if instruction.word == "ARG" and not found:
            defaults |= dict(instruction.pairs())
        elif instruction.word == "FROM":
            base, *alias = instruction.text.split()
            name = alias[1] if alias else str(len(found))
            found.append((name, Template(base).substitute(defaults | dict(arguments)), []))
        else:
            found[-1][2].append(instruction)
    return [Stage(name, base, tuple(steps)) for name, base, steps in found]


def context_files(folder: Path) -> Iterator[Path]:
    """What the engine sees of the build context: paths below the folder that .dockerignore lets through."""
    rules = list(_ignore_rules(folder / ".dockerignore"))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _ignored(path.relative_to(folder).as_posix(), rules):
            yield path.relative_to(folder)


def _ignore_rules(file: Path) -> Iterator[tuple[re.Pattern[str], bool]]:
    lines = file.read_text().splitlines() if file.exists() else []
    for line in (line.strip() for line in lines):
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").strip("/")
            tokens = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
            wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
            expression = "".join(wild.get(token, re.escape(token)) for token in tokens)
            yield re.compile(expression + "(?:/.*)?"), not line.startswith("!")


def _ignored(path: str, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    ignored = False
    for pattern, ignores in rules:
        if pattern.fullmatch(path):
            ignored = ignores
    return ignored
