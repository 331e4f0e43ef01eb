"""What has to be said in every language: texts found in the code and the templates, and the words of tables that texts are filled with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, nodes

from govern.importers import encoding, hr_table, table
from govern.offboarding import beside, employees, feed
from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemState
from govern.offboarding.kinds import CaseKind
from govern.offboarding.wording import SECRETS
from govern.policy.platforms import load_profiles
from govern.policy.profile import TRUST
from govern.reports import holders, leavers
from govern.reports.departure import BASES
from govern.reports.incident import HAPPENED
from govern.rotation.residue import ALIVE
from govern.vocabulary import GRADES, INCIDENT_KINDS, INCIDENT_STEPS, ROLES, TRIGGERS

GOVERN = Path(__file__).parents[1] / "govern"

WORDS: dict[str, tuple[str, ...]] = {
    "basis": tuple(BASES.values()),
    "case kind": tuple(CaseKind),
    "case state": tuple(CaseState),
    "column": (*holders.HEAD, *leavers.HEAD),
    "credential": tuple(SECRETS.values()),
    "departure result": leavers.RESULTS,
    "entry": ("case opened", "cut", "case closed", "rotation confirmed", *sorted(beside.KINDS)),
    "grade": GRADES,
    "holder": holders.IS,
    "hr change": tuple(kind for kind in feed.Kind if kind not in ("unchanged", "past", "left-out")),
    "hr field": ("name", "mail", "department"),
    "hr reason": (*feed.WHYS, *employees.FAULTS, *hr_table.FAULTS, table.MISMATCHED, table.NUL, encoding.WINDOWS),
    "incident event": HAPPENED,
    "incident kind": INCIDENT_KINDS,
    "incident state": ("open", "clear", "closed"),
    "incident step": INCIDENT_STEPS,
    "item state": tuple(ItemState),
    "left alive": ALIVE,
    "outcome": ("works no more", "still known", "waived", "not-applicable"),
    "role": ROLES,
    "rotation state": ("planned", "staged", "applied", "verified", "unknown", "rejected", "lost"),
    "trigger": TRIGGERS,
    "trust": tuple(TRUST.values()),
    "work": (
        "hand-over",
        "rotation",
        "clean-place",
        "envelope",
        "emergency",
        "cut",
        "case-item",
        "drill",
        "review",
        "remove-role",
        "acknowledge",
        "training",
        "stale-pin",
    ),
}
"""Context -> words that come from a table, or from the ledger."""


def texts() -> Iterator[tuple[str, str, str]]:
    """(context, text, its plural or nothing) of everything that is said."""
    for context, words in WORDS.items():
        yield from ((context, str(word), "") for word in words)
    for file in sorted(GOVERN.rglob("*.py")):
        code = file.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(code)) if "say(" in code or "count(" in code else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                named = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
                yield from _said(named, [one.value if isinstance(one, ast.Constant) else None for one in call.args])
    for file in sorted(GOVERN.rglob("*.j2")):
        for found in Environment(autoescape=True).parse(file.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(found.node, nodes.Name):
                yield from _said(found.node.name, [one.value if isinstance(one, nodes.Const) else None for one in found.args])


def of_platforms() -> Iterator[tuple[str, str, str]]:
    """The same of everything that is said of platforms, which has a catalogue of its own."""
    yield from (("", said.text, "") for about in load_profiles().values() for said in about.statements() if said.text)


def _said(named: str, words: list[Any]) -> Iterator[tuple[str, str, str]]:
    match named, words:
        case "say", [str() as text]:
            yield "", text, ""
        case "say", [str() as text, str() as context]:
            yield context, text, ""
        case "count", [str() as one, str() as many, _]:
            yield "", one, many
