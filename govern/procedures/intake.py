"""Login by login through a foreign file: which account each is, what it adds, where it differs. Decides; records nothing.

Preview and import walk the same steps, so that a preview tells what would happen. What was decided for one login counts for the next:
two of one identity in one file are one account.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from govern.errors import Malformed
from govern.fields import time as is_time
from govern.holdings import importing
from govern.holdings.importing import Identity, Outcome, Placed
from govern.importers.login import Login, Skipped
from govern.procedures.comparing import Fields, Mark, spelled, spelled_otp
from govern.procedures.import_people import Directory, Named
from govern.procedures.import_steps import Found, Piece, Step, Warnings
from govern.procedures.sealing import Stored
from govern.procedures.typed import Weak
from govern.register.queries import gate, imports, people
from govern.register.queries.accounts import handle_taken
from govern.vault import otp
from govern.vault.secret import Secret

_LONGEST_SHOWN: Final = 80

TIER: Final = "standard"
"""Of every imported account, until somebody says otherwise."""


@dataclass(slots=True)
class _Account:
    """One account while the file is walked. `marks`: kind -> how its values compare, None for one that can't be opened."""

    id: str
    handle: str
    department: str = ""
    retired: bool = False
    here: bool = True
    stored: list[imports.Held] = field(default_factory=list)
    marks: dict[str, list[bytes | None]] = field(default_factory=dict)
    live: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


@dataclass(slots=True)
class Intake:
    """`fields` opens what is here already; `mark` makes values comparable; `keep`: secrets stay outside, `assumed` where the file has none."""

    db: sqlite3.Connection
    directory: Directory
    fields: Fields
    mark: Mark
    new_id: Callable[[], str]
    now: str
    actor: str
    weak: Weak
    keep: bool = False
    assumed: bool = False
    known_to: Sequence[Named] = ()
    warnings: Warnings = field(default_factory=Warnings)
    _accounts: dict[Identity, _Account] = field(default_factory=dict)
    _declared: set[tuple[str, str]] = field(default_factory=set)
    _lacking: dict[str, str] = field(default_factory=dict)

    def steps(self, logins: Sequence[Found]) -> Iterator[Step | Skipped]:
        """One outcome per login, in the order of the file."""
        identities = [_identity(login, where) for login, where in logins]
        self._match(identities)
        handle = importing.numbering(lambda wanted: handle_taken(self.db, wanted))
        for found, identity in zip(logins, identities, strict=True):
            if reason := _unfit(found[0]):
                yield Skipped(found[0].row, reason)
                continue
            account = self._accounts.get(identity)
            if account is None:
                login, where = found
                name = handle(importing.base_handle(where.platform, login.title, login.username, where.url, named=login.account))
                account = self._accounts[identity] = _Account(id=self.new_id(), handle=name, here=False)
            yield self._step(found, account)
            account.here = True

    def _match(self, identities: Iterable[Identity]) -> None:
        """Find the accounts of the register that the file is about: one walk, however many there are."""
        wanted = set(identities)
        for row in imports.accounts(self.db):
            identity = importing.identity(row.platform, row.login, row.url, row.title)
            if identity in wanted and identity not in self._accounts:
                self._accounts[identity] = _Account(
                    id=row.id, handle=row.handle, department=row.department, retired=row.state == "retired",
                    stored=imports.credentials(self.db, row.id),
                )  # fmt: skip

    def _step(self, found: Found, account: _Account) -> Step:
        login, _ = found
        if account.retired:
            self.warnings.retired.append(account.handle)
            return Step(outcome=Outcome.UNCHANGED, found=found, account=account.id, handle=account.handle)
        pieces, differs = self._compare(login, account)
        if differs:
            return Step(
                outcome=Outcome.CONFLICT, found=found, account=account.id, handle=account.handle, said=self._said(login),
                differs={kind: tuple(id_ for id_, _ in self._live(account, kind)) for kind in differs},
            )  # fmt: skip
        pieces = [self._weighed(piece, found, account) for piece in pieces]
        for piece in pieces:
            self._live(account, piece.kind).append((piece.credential, 1))
            if not self.keep:
                self._marks(account, piece.kind).append(piece.mark)
        new: list[Named] = []
        knowledge = self._knowledge(login, account, new)
        responsible = self._responsible(login, new) if not account.here else None
        department = login.department.strip()[:100] if not account.department else ""
        account.department = account.department or department
        return Step(
            outcome=importing.outcome(here=account.here, adds=bool(pieces or knowledge or department), differs=False), found=found,
            account=account.id, handle=account.handle, pieces=tuple(pieces), people=tuple(new), responsible=responsible,
            department=department, knowledge=tuple(knowledge),
        )  # fmt: skip

    # --- secrets ------------------------------------------------------------------------------------------------------------------

    def _compare(self, login: Login, account: _Account) -> tuple[list[Piece], list[str]]:
        """What is missing here, and the kinds that differ."""
        pieces: list[Piece] = []
        differs: list[str] = []
        comes = self._comes(login)
        for kind in ("password", "totp"):
            offered = [piece for piece in comes if piece.kind == kind]
            if not offered:
                continue
            here = self._live(account, kind)
            if self.keep:
                pieces += [] if here else offered
                continue
            have = self._marks(account, kind)
            if here and not have:
                self.warnings.kept_elsewhere.append(account.handle)
                continue
            if None in have:
                self.warnings.not_compared.append(account.handle)
            missing, different = importing.judge(have, [piece.mark for piece in offered])
            pieces += [piece for piece in offered if piece.mark in missing]
            differs += [kind] if different else []
        return pieces, differs

    def _comes(self, login: Login) -> list[Piece]:
        """The credentials that the login would be."""
        claimed = login.password_changed
        changed = claimed if claimed is not None and is_time(claimed) and claimed <= self.now else None
        found: list[Piece] = []
        if login.password is not None or self.assumed:
            mark = self.mark("password", login.password.reveal()) if login.password is not None else None
            found.append(self._piece("password", login.password, mark, changed_at=changed))
        for seed in login.totp:
            try:
                parsed = otp.parse(seed)
            except Malformed:  # other programs may make codes of it, and the file is to be deleted: kept as it is
                self.warnings.odd_seeds.append(login.row)
                found.append(self._piece("totp", seed, self.mark("totp", seed.reveal())))
            else:
                found.append(self._piece("totp", parsed, self.mark("totp", spelled_otp(parsed)), weak=parsed.weak))
        if len(found) > 2 or (len(found) == 2 and found[0].kind == "totp"):
            self.warnings.several_seeds.append(login.row)
        return found

    def _piece(
        self, kind: str, value: Secret | otp.Otp | None, mark: bytes | None, *, weak: bool = False, changed_at: str | None = None
    ) -> Piece:
        return Piece(
            credential=self.new_id(), kind=kind, value=None if self.keep else value, seen=value is not None,
            mark=None if self.keep else mark, weak=weak, changed_at=changed_at,
        )  # fmt: skip

    def _weighed(self, piece: Piece, found: Found, account: _Account) -> Piece:
        """The same; a password that will be sealed here, with whether it is easily guessed."""
        if piece.kind != "password" or not isinstance(piece.value, Secret):
            return piece
        login, where = found
        return replace(piece, weak=self.weak(piece.value, account.handle, where.platform, login.username, where.url))

    def _live(self, account: _Account, kind: str) -> list[tuple[str, int]]:
        """(credential id, current version) of this kind, what this file added included."""
        if kind not in account.live:
            account.live[kind] = [(each.id, each.n) for each in account.stored if each.kind == kind]
        return account.live[kind]

    def _marks(self, account: _Account, kind: str) -> list[bytes | None]:
        """How what is sealed here compares; opened once per account and kind."""
        if kind not in account.marks:
            sealed = [each for each in account.stored if each.kind == kind and each.manifest]
            account.marks[kind] = [self._opened(account.id, each) for each in sealed]
        return account.marks[kind]

    def _opened(self, account: str, held: imports.Held) -> bytes | None:
        fields = self.fields(Stored(account, held.id, held.kind, held.n, bytes.fromhex(held.manifest)))
        value = spelled(held.kind, fields) if fields is not None else None
        return self.mark(held.kind, value) if value is not None else None

    # --- people -------------------------------------------------------------------------------------------------------------------

    def _person(self, text: str, new: list[Named]) -> Named | None:
        person, is_new = self.directory.find(text)
        if person is not None and is_new:
            new.append(person)
        return person

    def _knowledge(self, login: Login, account: _Account, new: list[Named]) -> list[tuple[str, str]]:
        named = [person for name in login.known_to if (person := self._person(name, new)) is not None]
        knowers = {person.id: person for person in (*self.known_to, *named) if person.id != self.actor}
        if not knowers:
            return []
        versions = [each for kind in ("password", "totp") for each in self._live(account, kind) if each[1]]
        if not versions:
            self.warnings.no_secret_to_know.append(account.handle)
            return []
        found = []
        for person in knowers.values():
            fresh = [each for each, n in versions if self._is_news(each, n, person.id)]
            found += [(credential, person.id) for credential in fresh]
            if fresh and importing.left_before(person.left_on, login.password_changed):
                self.warnings.gone_before.setdefault(person.handle, []).append(account.handle)
        return found

    def _said(self, login: Login) -> tuple[str, ...]:
        """Who is said to know the file's secret, the actor apart; adds nobody."""
        named = [(self.directory.known(name), " ".join(name.split())[:_LONGEST_SHOWN]) for name in login.known_to]
        people: list[tuple[Named | None, str]] = [(person, person.handle) for person in self.known_to]
        people += [(person, person.handle if person is not None else text) for person, text in named]
        return tuple(dict.fromkeys(shown for person, shown in people if person is None or person.id != self.actor))

    def _is_news(self, credential: str, n: int, person: str) -> bool:
        if (credential, person) in self._declared or imports.is_declared(self.db, credential, n, person):
            return False
        self._declared.add((credential, person))
        return True

    def _responsible(self, login: Login, new: list[Named]) -> Named | None:
        person = self._person(login.responsible, new) if login.responsible.strip() else None
        if person is None or person.id == self.actor:
            return None
        if person.status != "active":
            self.warnings.responsible_gone.setdefault(person.handle, []).append(login.row)
            return None
        lacks = self._lacks(person)
        if lacks:
            self.warnings.responsible_lacks.setdefault(f"{person.handle} {lacks}", []).append(login.row)
            return None
        return person

    def _lacks(self, person: Named) -> str:
        """What somebody needs before they answer for an account of the tier that comes in; empty for nothing."""
        if person.id not in self._lacking:
            found = gate.lacking(self.db, TIER, person.id, self.now[:10], answering=True)
            told = [
                f"has yet to acknowledge {one.what}" if one.rule == "acknowledgement" else f"has yet to be trained in {one.what}"
                for one in found
            ]
            self._lacking[person.id] = " and ".join(told)
        return self._lacking[person.id]


def known(db: sqlite3.Connection, names: Sequence[str]) -> tuple[Named, ...]:
    """The people of `--known-to`, who must be there; raises NotFound or Refused."""
    found = [people.find(db, name) for name in names]
    return tuple(Named(id=each.id, handle=each.handle, name=each.name, status=each.status, left_on=each.left_on) for each in found)


def _identity(login: Login, where: Placed) -> Identity:
    return importing.identity(where.platform, login.username, where.url, login.title[: importing.LONGEST_TITLE])


def _unfit(login: Login) -> str:
    """Why a login can't be an account, empty if it can."""
    if len(login.username) > importing.LONGEST_LOGIN:
        return f"its login name is longer than {importing.LONGEST_LOGIN} characters"
    values = [held.reveal() for held in (login.password, *login.totp) if held is not None]
    if any(len(value) > importing.LONGEST_SECRET for value in values):
        return f"a secret of it is longer than {importing.LONGEST_SECRET} characters"
    return ""
