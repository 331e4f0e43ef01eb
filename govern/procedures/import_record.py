"""Recording what an import decided for one login: people, account, first grant, credentials with their first versions, who knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from govern.errors import NotFound
from govern.holdings import custody, importing
from govern.holdings.importing import Outcome
from govern.procedures.import_steps import Piece, Step
from govern.procedures.intake import TIER
from govern.procedures.sealing import recipients, seal
from govern.register.queries import gate, imports, people, places, policies
from govern.vault import fingerprint, otp
from govern.vault.seal import Context
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.keys import Recipient

_LONGEST_NAME: Final = 200


class Recorder:
    """Records steps in one transaction. `place`: kind and name of where secrets stay that are not sealed here; made when first needed."""

    def __init__(self, tx: Transaction, *, place: tuple[str, str]) -> None:
        self.tx = tx
        self._place_kind, self._place_name, self._place = place[0], place[1][:_LONGEST_NAME], ""
        self._to: dict[str, list[Recipient]] = {}
        actor = people.by_id(tx.register, tx.actor)
        self._until = custody.founding(
            policies.policy(tx.register), tier=TIER, actor=tx.actor, custodian=tx.actor, holders=0, leaving=actor.status != "active", now=tx.now
        )  # fmt: skip

    def write(self, step: Step) -> None:
        """One login; a step that changes nothing records nothing."""
        for person in step.people:
            self.tx.record("person.added", {"person": person.id}, {"handle": person.handle, "name": person.name, "mail": person.mail})
        if step.outcome is Outcome.CREATED:
            self._account(step)
        elif step.department:
            self.tx.record("account.edited", {"account": step.account, "department": step.department})
        for piece in step.pieces:
            self._credential(step, piece)
        for credential, knower in step.knowledge:
            self.tx.record("knowledge.declared", {"credential": credential, "person": knower})

    def _account(self, step: Step) -> None:
        login, where = step.found
        self.tx.record(
            "account.added",
            {
                "account": step.account, "handle": step.handle, "platform": where.platform, "tier": TIER, "custodian": self.tx.actor,
                "department": step.department or None,
            },
            {"login": login.username, "url": where.url, "title": login.title[: importing.LONGEST_TITLE]},
        )  # fmt: skip
        if self._until is not None and not gate.missing(self.tx.register, step.account, self.tx.actor, self.tx.now[:10]):
            self.tx.record(
                "grant.issued",
                {"grant": self.tx.new_id(), "account": step.account, "person": self.tx.actor, "founding": True, "until": self._until},
            )
        if step.responsible is not None:
            self.tx.record("account.custody", {"account": step.account, "custodian": step.responsible.id})

    def _credential(self, step: Step, piece: Piece) -> None:
        outside = piece.value is None
        self.tx.record(
            "credential.added",
            {"credential": piece.credential, "account": step.account, "kind": piece.kind, "kept_in": self._kept_in() if outside else None},
        )
        body: dict[str, Any] = {
            "credential": piece.credential, "version": 1, "state": "current", "origin": "imported" if piece.seen else "claimed",
            "others_unknown": True, "changed_at": piece.changed_at, "weak": piece.weak or None,
        }  # fmt: skip
        if piece.value is not None:
            fields = fields_of(piece.value, fingerprint.remember(None, text_of(piece.value), 1, self.tx.workspace.random))
            context = Context(self.tx.workspace.vault, bytes.fromhex(step.account), bytes.fromhex(piece.credential), piece.kind, 1)
            body |= seal(self.tx, context, fields, self._recipients(step, piece.kind))
        self.tx.record("version.staged", body)

    def _recipients(self, step: Step, kind: str) -> list[Recipient]:
        """Of a new account they are the same wherever the responsible person is the same."""
        if step.outcome is not Outcome.CREATED:
            return recipients(self.tx.register, step.account, kind=kind)
        custodian = step.responsible.id if step.responsible is not None else self.tx.actor
        if custodian not in self._to:
            self._to[custodian] = recipients(self.tx.register, step.account, kind=kind)
        return self._to[custodian]

    def _kept_in(self) -> str:
        if not self._place:
            self._place = imports.place(self.tx.register, self._place_kind, self._place_name) or self._namesake()
        if not self._place:
            self._place = self.tx.new_id()
            self.tx.record("place.added", {"place": self._place, "kind": self._place_kind}, {"name": self._place_name})
        return self._place

    def _namesake(self) -> str:
        """Id of the place that people mean by this name, whatever its case and kind; empty where there is none."""
        try:
            return places.find(self.tx.register, self._place_name).id
        except NotFound:
            return ""


def fields_of(value: Secret | otp.Otp, fingerprints: Mapping[str, Any]) -> dict[str, Any]:
    """What is sealed: the secret, for a seed how its codes are made, and the fingerprints of all values the credential had."""
    about = otp.to_fields(value) if isinstance(value, otp.Otp) else {"secret": value}
    return {**about, fingerprint.FIELD: dict(fingerprints)}


def text_of(value: Secret | otp.Otp) -> Secret:
    """The part of it that must not come back in a later version."""
    return value.secret if isinstance(value, otp.Otp) else value
