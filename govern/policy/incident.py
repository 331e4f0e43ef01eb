"""The playbook: what is done about each kind of incident, in which order, by whom, and within how long somebody answers. `policies/incident.yaml`.

Takes bytes; opens no file but the shipped one. Knows nothing of any incident. Controls: NIST SP 800-53 rev. 5 IR-4, IR-6, IR-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from govern.policy.document import read_document
from govern.policy.files import policy_text


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """`steps`: (step, lead or second) in their order; `texts`: names of templates; `answer_minutes`: until the first answer; `control`: its control id."""

    steps: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    answer_minutes: int
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """`kinds`: kind of incident (`govern.vocabulary.INCIDENT_KINDS`) -> rule, every kind there; `look_again_days`: after which a freeze is looked at again."""

    kinds: Mapping[str, KindRule]
    look_again_days: int


def playbook(own: bytes | None = None, *, name: str = "") -> Playbook:
    """The shipped playbook, or one of one's own (bytes; `name` is told in errors). Raises Malformed "NAME:LINE: key: what is wrong"."""
    from govern.policy import incident_model
    from govern.policy.checked import checked

    where = name if own is not None else "policies/incident.yaml"
    document = read_document(policy_text("incident") if own is None else own, name=where)
    found = checked(incident_model.Playbook, document.root, name=where, line=document.line)
    return Playbook(
        kinds={
            kind: KindRule(
                steps=tuple((one.step, one.by) for one in rule.steps), texts=tuple(rule.texts), answer_minutes=found.answer.minutes[kind],
                control=rule.control,
            )
            for kind, rule in found.kinds.items()
        },
        look_again_days=found.freeze.look_again,
    )  # fmt: skip
