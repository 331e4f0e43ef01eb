"""YAML 1.2 text into plain values, each with the line it stands on; knows nothing of policies or platforms.

A narrow YAML: one document of mappings with text keys, sequences and scalars. Anchors, aliases, tags and duplicate keys are refused, so a
small file can't unfold into a large one and nothing is said twice. Plain scalars follow the core schema of YAML 1.2 for null, true, false
and decimal integers; everything else stays text, so that NO is Norway, 2026-11-21 a date to be read as such, and 1.5 no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from govern.errors import Malformed

MAX_BYTES: Final = 262_144
MAX_DEPTH: Final = 12

Value = None | bool | int | str | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,15}\Z").match
_WORDS: Final[Mapping[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says and where: `lines` has the line (from 1) of every value by its path of keys and positions."""

    name: str
    root: dict[str, Value]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that the file has."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


def malformed(name: str, line: int, message: str, *, hint: str = "") -> Malformed:
    """The one form of an error in a file: name, line from 1, what is wrong. Where nothing better is known, the hint names the place."""
    return Malformed(f"{name}:{line}: {message}", hint=hint or f"correct line {line}, or what stands before it, and try again")


def read_document(data: bytes, *, name: str) -> Document:
    """Read one YAML document whose root is a mapping; raises Malformed with `name` and line for anything else, rubbish included."""
    return _Reader(name).read(_events(_text(data, name), name))


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise malformed(name, 1, f"{len(data)} bytes where {MAX_BYTES} are allowed")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise malformed(name, line, "not UTF-8", hint="save the file as UTF-8") from error


def _events(text: str, name: str) -> Iterator[Any]:
    """Parse events; whatever the parser stumbles over comes out as Malformed with its line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    line = 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line = event.start_mark.line + 1
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise malformed(name, mark.line + 1 if mark else line, _sentence(error.problem or error.context or "not YAML")) from error
    except YAMLError as error:
        # a character that no YAML file may contain: the reader knows its position, not its line
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise malformed(name, line, "a character that may not stand in YAML") from error
    except (ArithmeticError, ValueError) as error:
        # an escape beyond Unicode
        raise malformed(name, line, "an escape that stands for no character") from error


def _sentence(problem: str) -> str:
    if "'\\t'" in problem:
        return "a tab where only spaces may indent"
    return problem[:1].lower() + problem[1:].rstrip(".")


class _Reader:
    """Builds values from parse events; keeps a path, so depth is bounded and no recursion is needed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.stack: list[dict[str, Value] | list[Value]] = []
        self.path: list[str | int] = []
        self.key: str | None = None
        self.root: Value = None
        self.documents = 0

    def read(self, events: Iterator[Any]) -> Document:
        from ruamel.yaml import events as kind

        for event in events:
            line = event.start_mark.line + 1
            match event:
                case kind.AliasEvent():
                    raise malformed(self.name, line, "an alias: say it again instead")
                case kind.MappingStartEvent() | kind.SequenceStartEvent():
                    self._plain(event, line)
                    self._open({} if isinstance(event, kind.MappingStartEvent) else [], line)
                case kind.MappingEndEvent() | kind.SequenceEndEvent():
                    self.stack.pop()
                    if self.path:
                        self.path.pop()
                case kind.ScalarEvent():
                    self._plain(event, line)
                    self._scalar(event.value, plain=event.implicit[0], line=line)
                case kind.DocumentStartEvent():
                    self.documents += 1
                    if self.documents > 1:
                        raise malformed(self.name, line, "a second document in one file")
                    if event.version not in (None, (1, 2)):
                        raise malformed(self.name, line, "a YAML version other than 1.2")
                case _:
                    pass
        if not isinstance(self.root, dict):
            raise malformed(self.name, 1, "no mapping of keys and values" if self.documents else "an empty file")
        return Document(name=self.name, root=self.root, lines=self.lines)

    def _plain(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            raise malformed(self.name, line, "an anchor: say it again instead")
        if event.tag is not None and event.tag != "!":
            raise malformed(self.name, line, "a tag: values are plain here")

    def _scalar(self, text: str, *, plain: bool, line: int) -> None:
        if not all(character.isprintable() or character in "\n\t" for character in text):
            raise malformed(self.name, line, "a character that can't be shown")
        if self.stack and isinstance(self.stack[-1], dict) and self.key is None:
            if text in self.stack[-1]:
                raise malformed(self.name, line, f"{'.'.join(map(str, (*self.path, text)))}: stands here twice")
            self.key = text
            self.lines[(*self.path, text)] = line
            return
        value: Value = text
        if plain and text in _WORDS:
            value = _WORDS[text]
        elif plain and _INTEGER(text):
            value = int(text)
        self._place(value, line)

    def _open(self, value: dict[str, Value] | list[Value], line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise malformed(self.name, line, f"nested deeper than {MAX_DEPTH}")
        if self.stack and isinstance(self.stack[-1], dict) and self.key is None:
            raise malformed(self.name, line, "a key that is no text")
        step = self._place(value, line)
        if step is not None:
            self.path.append(step)
        self.stack.append(value)

    def _place(self, value: Value, line: int) -> str | int | None:
        """Put a value into the open collection; returns the key or position it has there (None at the root)."""
        if not self.stack:
            self.root = value
            self.lines[()] = line
            return None
        parent = self.stack[-1]
        step: str | int
        if isinstance(parent, dict):
            assert self.key is not None  # noqa: S101 - _scalar and _open let no value come before its key
            step, self.key = self.key, None
            parent[step] = value
        else:
            step = len(parent)
            parent.append(value)
            self.lines[(*self.path, step)] = line
        return step
