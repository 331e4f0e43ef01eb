"""Which controls of which standards a departure gives evidence for: the table `policies/controls.yaml`, read and checked. Knows no case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govern.errors import Malformed
from govern.policy.document import Value, malformed, read_document
from govern.policy.files import shipped

Ids = Mapping[str, tuple[str, ...]]
"""Framework -> ids of its controls, in the order of the table."""

STEPS: Final = ("opened", "cut", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """`frameworks`: short name -> as its readers know it; `case`: by opened, cut, closed; `items`: by kind of item."""

    frameworks: Mapping[str, str]
    case: Mapping[str, Ids]
    items: Mapping[str, Ids]


def controls(data: bytes | None = None, *, name: str = "policies/controls.yaml") -> Controls:
    """The shipped table, or one given as bytes. Raises Malformed "NAME:LINE: what is wrong"."""
    document = read_document(shipped("controls.yaml") if data is None else data, name=name)

    def refuse(*path: str) -> Malformed:
        return malformed(name, document.line(path), f"{'.'.join(path) or 'the file'} is not of its form")

    def section(*path: str) -> dict[str, Value]:
        value: Value = document.root
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, dict):
            raise refuse(*path)
        return value

    frameworks = {key: text for key, text in section("frameworks").items() if isinstance(text, str) and text}

    def ids(*path: str) -> Ids:
        found = {}
        for framework, listed in section(*path).items():
            if framework not in frameworks or not isinstance(listed, list) or not listed:
                raise refuse(*path, framework)
            found[framework] = tuple(str(one) for one in listed if isinstance(one, str | int) and not isinstance(one, bool))
        return found

    if document.root.get("version") != 1 or set(section("case")) != set(STEPS) or len(frameworks) != len(section("frameworks")):
        raise refuse()
    return Controls(
        frameworks=frameworks,
        case={step: ids("case", step) for step in section("case")},
        items={kind: ids("items", kind) for kind in section("items")},
    )
