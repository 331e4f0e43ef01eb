"""A policy file into the policy of one preset: text, then the file's model, then rules. Takes bytes; opens no file.

A file holds rules and, below `presets`, what differs under each preset. Every preset is checked, whichever is asked for.
"""

from __future__ import annotations

from typing import Any, Final, cast

from govern.errors import NotFound
from govern.policy import later_rules
from govern.policy.checked import checked
from govern.policy.document import Document, Path, Value, malformed, read_document
from govern.policy.policy_model import PolicyRules
from govern.policy.rules import RECORD, Policy
from govern.vocabulary import PRESETS, TIERS

_PRESETS: Final = "presets"
_FIXED: Final = ("version", _PRESETS)
"""Keys that a preset can't set."""


def parse_policy(data: bytes, *, name: str, preset: str) -> Policy:
    """The policy of `preset` in the file `name` whose bytes are `data`; a preset that the file does not mention has its plain rules.

    Raises Malformed "NAME:LINE: key: what is wrong" for the file, NotFound for a preset that no policy knows.
    """
    if preset not in PRESETS:
        raise NotFound(f"no preset is called {preset[:40]!r}", hint=f"one of {', '.join(PRESETS)}")
    document = read_document(data, name=name)
    rules: dict[str, Value] = {key: value for key, value in document.root.items() if key != _PRESETS}
    plain = checked(PolicyRules, rules, name=name, line=document.line)
    models = dict.fromkeys(PRESETS, plain)
    for one, changes in _presets(document).items():
        models[one] = checked(PolicyRules, _overlaid(rules, changes), name=name, line=_line_under(document, one))
    return _policy(models[preset], preset)


def _presets(document: Document) -> dict[str, dict[str, Value]]:
    presets = document.root.get(_PRESETS, {})
    if not isinstance(presets, dict):
        raise malformed(document.name, document.line((_PRESETS,)), f"{_PRESETS}: is no section of presets")
    for one, changes in presets.items():
        where, line = f"{_PRESETS}.{one}", document.line((_PRESETS, one))
        if one not in PRESETS:
            raise malformed(document.name, line, f"{where}: no such preset: one of {', '.join(PRESETS)}")
        if not isinstance(changes, dict):
            raise malformed(document.name, line, f"{where}: is no section of rules")
        for key in _FIXED:
            if key in changes:
                raise malformed(document.name, document.line((_PRESETS, one, key)), f"{where}.{key}: can't be set by a preset")
    return cast("dict[str, dict[str, Value]]", presets)


def _overlaid(rules: dict[str, Value], changes: dict[str, Value]) -> dict[str, Value]:
    """`rules` with `changes` laid over them, section by section; a list or a plain value replaces."""
    result = dict(rules)
    for key, change in changes.items():
        below = result.get(key)
        result[key] = _overlaid(below, change) if isinstance(below, dict) and isinstance(change, dict) else change
    return result


def _line_under(document: Document, preset: str) -> Any:
    """Where a value of an overlaid policy stands: in the preset if it says so, else in the rules."""

    def line(path: Path) -> int:
        under = (_PRESETS, preset, *path)
        return document.lines[under] if under in document.lines else document.line(path)

    return line


def _policy(model: PolicyRules, preset: str) -> Policy:
    """Rules by way of their record, so that there is one judge of what a policy is."""
    record: dict[str, Any] = model.model_dump(by_alias=True, exclude={"version"}) | {"v": RECORD, "preset": preset}
    record["connectors"]["allowed"] = sorted(set(model.connectors.allowed))
    for name in later_rules.SECTIONS:
        if record[name] is None:
            del record[name]
    for name, key, words in (
        ("overdue", "no-reveals", TIERS),
        ("exposures", "force", later_rules.FORCING),
        ("departures", "first", later_rules.FORCING),
    ):
        if name in record:
            record[name][key] = [word for word in words if word in record[name][key]]
    if model.documents is not None:
        record["documents"]["required"] = {tier: sorted(set(names)) for tier, names in record["documents"]["required"].items()}
        if not model.documents.answering:
            del record["documents"]["answering"]
        other = {
            tier: one for tier, one in (record["documents"].pop("subjects") or {}).items() if one not in (None, model.documents.subject)
        }
        if other:
            record["documents"]["subjects"] = other
    record["grants"]["reason"] = [tier for tier in TIERS if tier in model.grants.reason]
    return Policy.from_record(record)
