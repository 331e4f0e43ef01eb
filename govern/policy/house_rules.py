"""What somebody has read and been trained in before they hold an account: the rule of a policy, plain and cheap to import.

Controls: NIST SP 800-53 rev 5 PL-4 (rules of behaviour), PS-6 (agreements), AT-3 (training by role). What a document says is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from govern.policy.fields import MAX_DAYS, control, flag, number, refuse, section, word
from govern.vocabulary import TIERS

CONSEQUENCES: Final = ("finding", "end")
TO: Final = ("holders", "everybody")

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}\Z").match
_KEYS: Final = ("control", "required", "training", "subject", "grace", "consequence", "audience")
_ANSWERING: Final = "answering"
_SUBJECTS: Final = "subjects"
_ALIKE: Final[Mapping[str, str]] = MappingProxyType({})


class DocumentRule(NamedTuple):
    """What holders of each tier have acknowledged (names of documents) and how old their training in `subject` may be (days; 0: none is asked for).

    Once one of both has lapsed, the grant stays for `grace` days; after them it is a finding, or ends. `audience`: who is asked to acknowledge a
    document that is published to nobody in particular. `answering`: whoever answers for an account, as responsible person or deputy, is held to the same;
    a record that does not say so, as none did before there was this rule, asks it of holders alone. `subjects`: tiers that ask for a training in another
    subject.
    """

    required: Mapping[str, tuple[str, ...]]
    training: Mapping[str, int]
    subject: str
    grace: int
    consequence: str
    audience: str
    control: str
    answering: bool = False
    subjects: Mapping[str, str] = _ALIKE

    def subject_of(self, tier: str) -> str:
        """What the training that a tier asks for is in."""
        return self.subjects.get(tier, self.subject)


def to_record(rule: DocumentRule) -> dict[str, Any]:
    """The section of a policy's record."""
    return {
        "control": rule.control, "required": {tier: list(rule.required[tier]) for tier in TIERS}, "training": dict(rule.training),
        "subject": rule.subject, "grace": rule.grace, "consequence": rule.consequence, "audience": rule.audience,
        **({_ANSWERING: True} if rule.answering else {}), **({_SUBJECTS: dict(rule.subjects)} if rule.subjects else {}),
    }  # fmt: skip


def from_record(value: Any) -> DocumentRule:
    """The rule of such a section; raises Malformed, naming the field, for what `to_record` would not have written."""
    more = tuple(one for one in (_ANSWERING, _SUBJECTS) if isinstance(value, Mapping) and one in value)
    root = section(value, "documents", (*_KEYS, *more))
    if _ANSWERING in more and not flag(root[_ANSWERING], "documents.answering"):
        refuse("documents.answering", "is left out where it is not asked")
    required = section(root["required"], "documents.required", TIERS)
    training = section(root["training"], "documents.training", TIERS)
    subject = _name(root["subject"], "documents.subject")
    return DocumentRule(
        required={tier: _names(required[tier], f"documents.required.{tier}") for tier in TIERS},
        training={tier: number(training[tier], f"documents.training.{tier}", 0, MAX_DAYS) for tier in TIERS},
        subject=subject,
        grace=number(root["grace"], "documents.grace", 0, MAX_DAYS),
        consequence=word(root["consequence"], "documents.consequence", CONSEQUENCES),
        audience=word(root["audience"], "documents.audience", TO),
        control=control(root["control"], "documents.control"),
        answering=_ANSWERING in more,
        subjects=_subjects(root[_SUBJECTS], subject) if _SUBJECTS in more else _ALIKE,
    )


def asked(rule: DocumentRule) -> dict[tuple[str, str], int]:
    """(tier, what) -> days: each document by its name, and the training as `training:SUBJECT`, which no document is called."""
    found = {(tier, name): 0 for tier in TIERS for name in rule.required[tier]}
    return found | {(tier, f"{TRAINING}{rule.subject_of(tier)}"): days for tier, days in rule.training.items() if days}


TRAINING: Final = "training:"


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _NAME(value):
        refuse(where, "is no name: lower-case letters, digits and . _ @ + -, at most 63")
    return value


def _subjects(value: Any, subject: str) -> Mapping[str, str]:
    """Tier -> subject, of tiers whose subject is another one: one spelling per policy."""
    where = f"documents.{_SUBJECTS}"
    if not isinstance(value, Mapping) or not value:
        refuse(where, "names no tier")
    found = {
        tier: _name(one, f"{where}.{tier}") for tier, one in section(value, where, tuple(tier for tier in TIERS if tier in value)).items()
    }
    if subject in found.values():
        refuse(where, f"names tiers whose subject is {subject} anyway")
    return found


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 20:
        refuse(where, "is no list of names of documents, 20 at most")
    names = tuple(_name(one, where) for one in value)
    if list(names) != sorted(set(names)):
        refuse(where, "is not in alphabetical order, each name once")
    return names
