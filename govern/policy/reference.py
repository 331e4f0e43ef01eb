"""The text of `docs/policy-reference.md`: every field of a policy file, what it may say, and what the shipped one says. Pure.

Made from the JSON Schema of the models, so that nothing can be said in a policy that does not stand there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_HEAD: Final = """\
# What a policy file may say

Made from the schema of the program by `python -m govern.policy.compiled`; not written by hand. How a policy is read, changed and put in force:
[policy](commands/policy.md).

A policy is a YAML file with these sections. Times are days or weeks (`P30D`, `P4W`), tiers are critical, standard and low. Every rule names in
`control` the control that it comes from. Below `presets` the same sections may stand once more for solo, small and team, with only what differs
there. The JSON Schema is in `policies/schema/policy.schema.json`, for editors that check while one types.
"""


class _Row(NamedTuple):
    field: str
    value: str
    about: str
    shipped: str


def page(schema: Mapping[str, Any], shipped: Mapping[str, Any]) -> str:
    """`schema`: of a policy file; `shipped`: the values of the policy that comes with the program."""
    parts = [_HEAD]
    for name, shape in schema["properties"].items():
        if name in ("version", "presets"):
            continue
        about = _resolved(schema, shape)
        optional = "" if name in schema["required"] else " May be left out."
        rows = [row for row in _rows(schema, about, "", shipped.get(name)) if row.field != "control"]
        parts.append(f"## {name}\n\n{about.get('description', '')}{optional}\n")
        parts.append("| field | what it says | | shipped |\n|---|---|---|---|\n" + "".join(_line(row) for row in rows))
    return "\n".join(parts)


def _line(row: _Row) -> str:
    shipped = f"`{row.shipped}`" if row.shipped else ""
    return f"| `{row.field}` | {row.value} | {row.about} | {shipped} |\n"


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape itself, whatever it is referred to by; of one that may be absent the one that is there."""
    if "$ref" in shape:
        found: Mapping[str, Any] = schema["$defs"][shape["$ref"].rpartition("/")[2]]
        return {**found, **{key: value for key, value in shape.items() if key == "description"}}
    there = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
    if len(there) == 1:
        return {**_resolved(schema, there[0]), **{key: value for key, value in shape.items() if key == "description"}}
    return shape


def _rows(schema: Mapping[str, Any], shape: Mapping[str, Any], path: str, shipped: Any) -> Iterator[_Row]:
    for name, part in shape.get("properties", {}).items():
        about, field = _resolved(schema, part), f"{path}{name}"
        value = shipped.get(name) if isinstance(shipped, Mapping) else None
        if "properties" in about:
            yield from _rows(schema, about, f"{field}.", value)
        elif isinstance(about.get("additionalProperties"), Mapping):
            yield from _of_each(schema, about, f"{field}.", value)
        else:
            yield _Row(field, _values(schema, about), str(about.get("description", "")), _spelled(value))


def _of_each(schema: Mapping[str, Any], shape: Mapping[str, Any], path: str, shipped: Any) -> Iterator[_Row]:
    """Of a mapping whose keys are words of a list: a line for each."""
    about = _resolved(schema, shape["additionalProperties"])
    for name in shape.get("propertyNames", {}).get("enum", ("NAME",)):
        value = shipped.get(name) if isinstance(shipped, Mapping) else None
        yield _Row(f"{path}{name}", _values(schema, about), str(about.get("description", "")), _spelled(value))


_PATTERNS: Final[Mapping[str, str]] = {"^P[0-9]{1,4}[DW]$": "a time such as P30D"}


def _values(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "enum" in shape:
        return " or ".join(f"`{one}`" for one in shape["enum"])
    if "const" in shape:
        return f"`{shape['const']}`"
    several = [_values(schema, _resolved(schema, one)) for one in shape.get("anyOf", ())]
    if several:
        return " or ".join(dict.fromkeys(several))
    match shape.get("type"):
        case "boolean":
            return "true or false"
        case "integer":
            return f"a number, {shape.get('minimum', 0)} to {shape['maximum']}" if "maximum" in shape else "a number"
        case "array":
            return f"a list: {_values(schema, _resolved(schema, shape.get('items', {})))}"
        case "string":
            pattern = shape.get("pattern", "")
            return _PATTERNS.get(pattern, "text")
        case "null":
            return "nothing"
        case _:
            return "as its kind"


def _spelled(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False).replace('"', "").replace("|", "\\|")
