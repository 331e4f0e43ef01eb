"""The replay, steps 1 to 4: every way in which rows or checkpoints can be wrong, beside the untouched ledger that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import IntegrityError
from govern.ledger import audit
from govern.ledger.audit import Head, replay
from govern.ledger.checkpoint import Checkpoint, origin, sign_note
from govern.ledger.commitment import Entry, EpochKey, open_event, seal_entry, vault_id
from govern.ledger.merkle import CompactRange

Transactions = list[tuple[bytes, Sequence[Entry]]]
EPOCH, COMPARTMENT = EpochKey(b"K" * 32), b"C" * 16


@dataclass
class Member:
    """A key pair and its id; events here are plain text: `found <public>`, `enrol <id> <public>`, `end <id>` or any word."""

    seed: str

    def __post_init__(self) -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(self.seed.encode().ljust(32, b"."))
        self.public = self.secret.public_key().public_bytes_raw()
        self.id = self.seed.encode().ljust(16, b"_")

    def note(self, text: bytes) -> bytes:
        return sign_note(text, name=self.id.hex(), public=self.public, sign=self.secret.sign)

    def enrolment(self) -> bytes:
        return b"enrol " + self.id.hex().encode() + b" " + self.public.hex().encode()


ANNA, BEN, EVE = Member("anna"), Member("ben"), Member("eve")
FOUNDING = b"found " + ANNA.public.hex().encode()


@dataclass
class FakeJudge:
    """Believes every event that opens; a key is active once the transaction that enrols it is closed."""

    vault: bytes
    keys: dict[bytes, bytes] = field(default_factory=dict)
    pending: list[Callable[[], object]] = field(default_factory=list)
    judged: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def public_key(self, key: bytes) -> bytes | None:
        return self.keys.get(key)

    def found(self, entry: Entry, key: bytes) -> bytes:
        assert (entry.index, self.judged) == (0, [])
        return bytes.fromhex(open_event(entry, vault=bytes(32), epoch=EPOCH)[1].split()[1].decode())

    def judge(self, entry: Entry, key: bytes) -> None:
        event = open_event(entry, vault=self.vault if entry.index else bytes(32), epoch=EPOCH)[1]
        self.judged.append((entry.index, key, event))
        match event.split():
            case [b"found", public]:
                self.pending.append(lambda: self.keys.update({key: bytes.fromhex(public.decode())}))
            case [b"enrol", id_, public]:
                self.pending.append(lambda: self.keys.update({bytes.fromhex(id_.decode()): bytes.fromhex(public.decode())}))
            case [b"end", id_]:
                self.pending.append(lambda: self.keys.pop(bytes.fromhex(id_.decode())))

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        for change in self.pending:
            change()
        self.pending.clear()
        self.closed.append(checkpoint.size)


@dataclass
class Ledger:
    vault: bytes = b""
    tree: CompactRange = field(default_factory=CompactRange)
    transactions: Transactions = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(7))

    def write(self, member: Member, *events: bytes) -> Ledger:
        entries = []
        for event in events:
            index = self.tree.size
            entry = seal_entry(
                vault=self.vault or bytes(32), index=index, compartment=COMPARTMENT, epoch=EPOCH, event=event,
                salt=self.random.randbytes(32), personal=None, random=self.random.randbytes,
            )  # fmt: skip
            self.vault = self.vault or vault_id(entry.commitment)
            self.tree.append(entry.leaf())
            entries.append(entry)
        self.transactions.append((member.note(self.checkpoint().text()), entries))
        return self

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(origin(self.vault), self.tree.size, self.tree.root())


def written() -> Ledger:
    """Genesis of three entries, single entries by Anna and Ben, one transaction of four, 10 entries in all."""
    ledger = Ledger().write(ANNA, FOUNDING, b"epoch", b"policy")
    return ledger.write(ANNA, BEN.enrolment()).write(BEN, b"one").write(ANNA, b"two", b"three", b"four", b"five").write(BEN, b"six")


START = Head(CompactRange(), None)


def run(ledger: Ledger, transactions: Transactions | None = None) -> tuple[Head, FakeJudge]:
    judge = FakeJudge(ledger.vault)
    return replay(START, ledger.transactions if transactions is None else transactions, judge, vault=ledger.vault), judge


def failure(ledger: Ledger, transactions: Transactions, *, judged: int | None = None) -> IntegrityError:
    """The error of an altered ledger; nothing of the transaction that fails was judged."""
    judge = FakeJudge(ledger.vault)
    with pytest.raises(IntegrityError) as caught:
        replay(START, transactions, judge, vault=ledger.vault)
    assert len(judge.judged) == sum(len(entries) for _, entries in transactions[: len(judge.closed)])
    assert judge.pending == []
    if judged is not None:
        assert len(judge.judged) == judged
    assert caught.value.exit_code == 6
    return caught.value


LEDGER = written()
STARTS = [0, 3, 4, 5, 9]


def place(index: int) -> tuple[int, int]:
    """(number of the transaction, position in it) of an entry."""
    number = max(number for number, start in enumerate(STARTS) if start <= index)
    return number, index - STARTS[number]


def changed(index: int, change: Callable[[list[Entry], int], object]) -> Transactions:
    number, position = place(index)
    transactions = list(LEDGER.transactions)
    note, entries = transactions[number]
    entries = list(entries)
    change(entries, position)
    transactions[number] = (note, entries)
    return transactions


def flip(data: bytes, bit: int = 0) -> bytes:
    at = bit // 8 % len(data)
    return data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]


def test_an_untouched_ledger_is_verified_and_judged_in_order() -> None:
    head, judge = run(LEDGER)
    assert head == Head(LEDGER.tree, LEDGER.transactions[-1][0])
    assert head.size == 10
    assert [index for index, _, _ in judge.judged] == list(range(10))
    assert [key for _, key, _ in judge.judged] == [ANNA.id] * 4 + [BEN.id] + [ANNA.id] * 4 + [BEN.id]
    assert judge.closed == [3, 4, 5, 9, 10]


@pytest.mark.parametrize("until", range(6))
def test_a_replay_goes_on_from_an_earlier_head(until: int) -> None:
    judge = FakeJudge(LEDGER.vault)
    head = replay(START, LEDGER.transactions[:until], judge, vault=LEDGER.vault)
    kept = head.tree.encode()
    assert replay(head, LEDGER.transactions[until:], judge, vault=LEDGER.vault).tree == LEDGER.tree
    assert head.tree.encode() == kept


class Shifting(list[Entry]):
    """What a store gives that answers truly once, and otherwise when it is asked again."""

    asked = False

    def __iter__(self) -> Iterator[Entry]:
        rows = [_forged(entry.index) for entry in super().__iter__()] if self.asked else [*super().__iter__()]
        self.asked = True
        return iter(rows)


def _forged(index: int) -> Entry:
    """What a member who has the epoch's key can seal for any index."""
    return seal_entry(
        vault=LEDGER.vault, index=index, compartment=COMPARTMENT, epoch=EPOCH, event=b"forged", salt=b"s" * 32, personal=None, random=bytes
    )


@pytest.mark.parametrize("held", [audit.HELD, 0])
def test_what_is_judged_is_what_the_root_was_made_of_though_a_store_answers_otherwise_the_second_time(
    monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(audit, "HELD", held)
    control = Shifting(LEDGER.transactions[1][1])
    assert list(control) == LEDGER.transactions[1][1]
    assert list(control) == [_forged(3)]
    shifting = [(note, Shifting(entries)) for note, entries in LEDGER.transactions]
    assert run(LEDGER, shifting)[1].judged == run(LEDGER)[1].judged


def test_a_transaction_too_long_to_be_held_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "HELD", 0)
    assert run(LEDGER)[0].size == sum(len(entries) for _, entries in LEDGER.transactions)
    note, entries = LEDGER.transactions[-2]
    shorter = [*LEDGER.transactions[:-2], (note, entries[:-1]), LEDGER.transactions[-1]]
    with pytest.raises(IntegrityError):
        run(LEDGER, shorter)


def test_nothing_new_leaves_the_head() -> None:
    assert run(LEDGER, [])[0] is START


@pytest.mark.parametrize("column", ["compartment", "epoch", "commitment", "sealed"])
@pytest.mark.parametrize("index", range(10))
def test_a_flipped_bit_in_a_row_is_found_at_its_transaction(index: int, column: str) -> None:
    for bit in (0, 77, 127):

        def change(entries: list[Entry], at: int, bit: int = bit) -> None:
            entries[at] = replace(entries[at], **{column: flip(getattr(entries[at], column), bit)})

        error = failure(LEDGER, changed(index, change))
        start = STARTS[place(index)[0]]
        assert error.index == start
        if index in (3, 4, 9):
            assert error.index == index
        else:
            assert f"entries {start}..{start + len(LEDGER.transactions[place(index)[0]][1]) - 1} " in error.message
        assert len(error.expected) == len(error.found) == 64


@pytest.mark.parametrize("index", range(10))
def test_a_deleted_entry_is_named(index: int) -> None:
    error = failure(LEDGER, changed(index, lambda entries, at: entries.pop(at)))
    assert error.index == index


@pytest.mark.parametrize("index", range(10))
def test_a_duplicated_entry_is_named(index: int) -> None:
    error = failure(LEDGER, changed(index, lambda entries, at: entries.insert(at, entries[at])))
    assert error.index == index + 1


@pytest.mark.parametrize("index", [0, 1, 5, 6, 7])
def test_swapped_entries_are_found_with_and_without_their_indices(index: int) -> None:
    def swap(entries: list[Entry], at: int) -> None:
        entries[at], entries[at + 1] = entries[at + 1], entries[at]

    def swap_contents(entries: list[Entry], at: int) -> None:
        first, second = entries[at], entries[at + 1]
        entries[at], entries[at + 1] = replace(second, index=first.index), replace(first, index=second.index)

    assert failure(LEDGER, changed(index, swap)).index == index
    assert failure(LEDGER, changed(index, swap_contents)).index == STARTS[place(index)[0]]


def test_a_changed_index_is_named() -> None:
    for wrong in (-1, 5, 99, 2**70, None, "4", 4.5):
        error = failure(LEDGER, changed(4, lambda entries, at, wrong=wrong: entries.__setitem__(at, replace(entries[at], index=wrong))))  # type: ignore[misc]
        assert (error.index, error.expected) == (4, "4")


def test_a_column_of_another_length_is_named() -> None:
    error = failure(LEDGER, changed(7, lambda entries, at: entries.__setitem__(at, replace(entries[at], epoch=b"short"))))
    assert error.index == 7


def test_a_personal_part_is_no_business_of_the_replay() -> None:
    run(LEDGER, changed(6, lambda entries, at: entries.__setitem__(at, replace(entries[at], personal=b"anything"))))


@pytest.mark.parametrize("number", range(5))
def test_every_flipped_bit_of_a_checkpoint_is_found_at_its_transaction(number: int) -> None:
    note, entries = LEDGER.transactions[number]
    run(LEDGER, LEDGER.transactions[: number + 1])
    for bit in range(number, len(note) * 8, 5):
        transactions = [*LEDGER.transactions[:number], (flip(note, bit), entries)]
        error = failure(LEDGER, transactions)
        assert STARTS[number] <= (-1 if error.index is None else error.index) <= STARTS[number] + len(entries)


@pytest.mark.parametrize("number", range(5))
def test_a_missing_or_repeated_or_exchanged_transaction_is_found(number: int) -> None:
    before, this, after = LEDGER.transactions[:number], LEDGER.transactions[number], LEDGER.transactions[number + 1 :]
    if after:
        assert failure(LEDGER, [*before, *after]).index == STARTS[number]
        assert failure(LEDGER, [*before, after[0], this, *after[1:]]).index == STARTS[number]
    assert failure(LEDGER, [*before, this, this, *after]).index == STARTS[number] + len(this[1])


def test_a_checkpoint_of_no_entries_does_not_continue_the_ledger() -> None:
    """Signed by an active key and with the right root: only its size is wrong."""
    again = BEN.note(LEDGER.checkpoint().text())
    error = failure(LEDGER, [*LEDGER.transactions, (again, [])])
    assert (error.index, error.expected, error.found) == (10, "a size above 10", "10")
    smaller = BEN.note(Checkpoint(origin(LEDGER.vault), 0, LEDGER.tree.root()).text())
    assert failure(LEDGER, [*LEDGER.transactions, (smaller, [])]).found == "0"


def next_transaction(member: Member, *, vault: bytes = LEDGER.vault, root: bytes = b"", size: int = 11) -> Transactions:
    ledger = written().write(member, b"seven")
    entries = ledger.transactions[-1][1]
    note = member.note(Checkpoint(origin(vault), size, root or ledger.tree.root()).text())
    return [*LEDGER.transactions, (note, entries)]


def test_an_active_key_may_sign_the_next_checkpoint() -> None:
    """The control of the attacks below: only what each names is different."""
    for member in (ANNA, BEN):
        head, judge = run(LEDGER, next_transaction(member))
        assert (head.size, judge.judged[-1]) == (11, (10, member.id, b"seven"))


def test_a_validly_signed_checkpoint_by_a_key_that_is_not_enrolled_is_refused() -> None:
    error = failure(LEDGER, next_transaction(EVE))
    assert (error.index, error.found) == (10, EVE.id.hex())


def test_a_signature_by_another_key_under_an_active_name_is_refused() -> None:
    note, entries = next_transaction(EVE)[-1]
    text = note.partition(b"\n\n")[0] + b"\n"
    forged = sign_note(text, name=BEN.id.hex(), public=EVE.public, sign=EVE.secret.sign)
    assert failure(LEDGER, [*LEDGER.transactions, (forged, entries)]).index == 10
    forged = sign_note(text, name=BEN.id.hex(), public=BEN.public, sign=EVE.secret.sign)
    assert "signature" in failure(LEDGER, [*LEDGER.transactions, (forged, entries)]).message


@pytest.mark.parametrize("name", ["example.com", "AB" * 16, "ab" * 15, "ab" * 17])
def test_a_name_that_is_no_key_id_is_refused(name: str) -> None:
    note, entries = next_transaction(BEN)[-1]
    text = note.partition(b"\n\n")[0] + b"\n"
    foreign = sign_note(text, name=name, public=BEN.public, sign=BEN.secret.sign)
    assert "no key id" in failure(LEDGER, [*LEDGER.transactions, (foreign, entries)]).message


def test_a_checkpoint_of_another_vault_is_refused_though_all_else_is_right() -> None:
    error = failure(LEDGER, next_transaction(BEN, vault=b"W" * 32))
    assert (error.index, error.expected, error.found) == (10, origin(LEDGER.vault), origin(b"W" * 32))


def test_a_checkpoint_with_another_root_or_size_is_refused_though_validly_signed() -> None:
    assert failure(LEDGER, next_transaction(BEN, root=b"R" * 32)).expected == (b"R" * 32).hex()
    for size in (12, 2**60):
        error = failure(LEDGER, next_transaction(BEN, size=size))
        assert (error.index, error.found) == (11, "1")


def test_entries_beyond_the_checkpoint_are_refused() -> None:
    transactions = next_transaction(BEN)
    note, entries = transactions.pop()
    surplus = replace(entries[0], index=11)
    assert failure(LEDGER, [*transactions, (note, [*entries, surplus])]).index == 11


def test_a_key_signs_only_after_the_checkpoint_that_enrolled_it() -> None:
    """Eve is enrolled in the very transaction that she signs; the control is the transaction after it."""
    founded = Ledger().write(ANNA, FOUNDING)
    early = Ledger().write(ANNA, FOUNDING).write(EVE, EVE.enrolment())
    assert early.vault == founded.vault
    assert failure(early, early.transactions, judged=1).found == EVE.id.hex()
    later = Ledger().write(ANNA, FOUNDING).write(ANNA, EVE.enrolment()).write(EVE, b"hello")
    assert run(later)[0].size == 3


def test_a_key_may_sign_its_own_end_and_nothing_after() -> None:
    ended = Ledger().write(ANNA, FOUNDING).write(ANNA, BEN.enrolment()).write(BEN, b"end " + BEN.id.hex().encode(), b"bye")
    assert run(ended)[0].size == 4
    assert failure(ended.write(BEN, b"still here"), ended.transactions, judged=4).index == 4


def test_genesis_vouches_for_itself_against_the_trusted_vault_id_only() -> None:
    """A whole ledger by somebody else, right in every step, is refused where this machine trusts another vault id."""
    other = Ledger(random=Random(8)).write(ANNA, FOUNDING)
    assert run(other)[0].size == 1
    assert failure(LEDGER, other.transactions).index == 0
    # the same with the trusted origin written on it
    note = ANNA.note(Checkpoint(origin(LEDGER.vault), 1, other.tree.root()).text())
    error = failure(LEDGER, [(note, other.transactions[0][1])], judged=0)
    assert (error.index, error.expected, error.found) == (0, LEDGER.vault.hex(), other.vault.hex())


def test_genesis_is_signed_by_its_founder() -> None:
    forged = Ledger().write(EVE, FOUNDING)
    error = failure(forged, forged.transactions, judged=0)
    assert error.index == 0
    assert run(Ledger().write(ANNA, FOUNDING))[0].size == 1


def test_an_integrity_error_of_the_judge_keeps_its_index() -> None:
    class Strict(FakeJudge):
        def judge(self, entry: Entry, key: bytes) -> None:
            if entry.index == 6:
                raise IntegrityError("withheld", index=6)
            super().judge(entry, key)

        def found(self, entry: Entry, key: bytes) -> bytes:
            raise IntegrityError("no founder", index=0)

    judge = Strict(LEDGER.vault)
    with pytest.raises(IntegrityError, match="entry 0: no founder"):
        replay(START, LEDGER.transactions, judge, vault=LEDGER.vault)
    _, verified = run(LEDGER, LEDGER.transactions[:1])
    judge.keys = dict(verified.keys)
    head = replay(START, LEDGER.transactions[:1], FakeJudge(LEDGER.vault), vault=LEDGER.vault)
    with pytest.raises(IntegrityError, match="entry 6: withheld"):
        replay(head, LEDGER.transactions[1:], judge, vault=LEDGER.vault)


@given(note=st.binary(max_size=300))
@settings(deadline=None, max_examples=60)
def test_random_bytes_for_a_checkpoint_are_an_integrity_error(note: bytes) -> None:
    entries = LEDGER.transactions[1][1]
    assert failure(LEDGER, [LEDGER.transactions[0], (note, entries)], judged=3).index == 3


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_any_flipped_bit_anywhere_is_found(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, 9))
    column = data.draw(st.sampled_from(["compartment", "epoch", "commitment", "sealed"]))
    bit = data.draw(st.integers(0, 4000))

    def change(entries: list[Entry], at: int) -> None:
        entries[at] = replace(entries[at], **{column: flip(getattr(entries[at], column), bit)})

    assert failure(LEDGER, changed(index, change)).index == STARTS[place(index)[0]]
