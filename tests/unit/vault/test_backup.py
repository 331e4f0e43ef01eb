"""A backup opens for its recipients, whole, or not at all."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, IntegrityError, Locked, Malformed, Refused
from govern.vault import backup as module
from govern.vault.backup import MAGIC, PIECE, open_backup, open_stream, seal_backup, seal_stream
from govern.vault.keys import Keys

Random = Callable[[int], bytes]
HEAD = len(MAGIC) + 2 + 32
WRAP = 96


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 5])
def test_what_was_sealed_opens_for_every_recipient(size: int, anna: Keys, bert: Keys, random: Random) -> None:
    data = random(size)
    sealed = seal_backup(data, [anna.recipient, bert.recipient], random)
    assert open_backup(sealed, anna) == open_backup(sealed, bert) == data
    assert sealed.startswith(b"GOVERN-BACKUP-1\n")


def test_nobody_else_opens_it(anna: Keys, bert: Keys, random: Random) -> None:
    with pytest.raises(Locked):
        open_backup(seal_backup(b"data", [anna.recipient], random), bert)


def test_a_backup_for_nobody_is_refused(random: Random) -> None:
    with pytest.raises(Refused):
        seal_backup(b"data", [], random)


def test_a_recipient_named_twice_gets_one_wrap(anna: Keys, random: Random) -> None:
    assert len(seal_backup(b"", [anna.recipient] * 2, random)) == HEAD + WRAP + 16


def test_pieces_go_from_file_to_file_without_being_held_together(anna: Keys, random: Random) -> None:
    class Slow(io.BytesIO):
        """Gives at most 1,000 bytes at a time, as a pipe does, and remembers how much was asked for."""

        most = 0

        def read(self, size: int | None = -1) -> bytes:
            self.most = max(self.most, size if size is not None and size >= 0 else 10**9)
            return super().read(min(size or 0, 1000))

    source, target, back = Slow(b"x" * (3 * PIECE)), io.BytesIO(), io.BytesIO()
    seal_stream(source, target, [anna.recipient], random)
    assert source.most <= PIECE
    open_stream(io.BytesIO(target.getvalue()), back, anna)
    assert back.getvalue() == b"x" * (3 * PIECE)


def test_any_flipped_byte_is_refused(anna: Keys, random: Random) -> None:
    sealed = seal_backup(b"data" * 10, [anna.recipient], random)
    assert open_backup(sealed, anna) == b"data" * 10
    for i in range(len(sealed)):
        with pytest.raises((IntegrityError, Malformed, Locked)):
            open_backup(sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :], anna)


def test_attack_pieces_cut_off_exchanged_doubled_or_left_out_are_refused(anna: Keys, random: Random) -> None:
    data = random(3 * PIECE + 10)
    sealed = seal_backup(data, [anna.recipient], random)
    start, size = HEAD + WRAP, PIECE + 16
    head, body = sealed[:start], sealed[start:]
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    assert len(pieces) == 4
    assert open_backup(head + b"".join(pieces), anna) == data
    attempts = [pieces[:n] for n in range(4)]
    attempts += [list(order) for order in itertools.permutations(pieces) if list(order) != pieces]
    attempts += [[pieces[0], *pieces], [*pieces, pieces[3]], pieces[:1] + pieces[2:], [*pieces[:3], pieces[3][:-1]], [*pieces, b"x"]]
    for attempt in attempts:
        with pytest.raises(IntegrityError) as caught:
            open_backup(head + b"".join(attempt), anna)
        assert caught.value.code == "sealed"


def test_every_truncation_is_refused(anna: Keys, random: Random) -> None:
    sealed = seal_backup(b"data", [anna.recipient], random)
    for cut in range(len(sealed)):
        with pytest.raises(GovernError):
            open_backup(sealed[:cut], anna)


def test_attack_a_recipient_added_or_taken_away_is_seen(anna: Keys, bert: Keys, random: Random) -> None:
    sealed = seal_backup(b"data", [anna.recipient, bert.recipient], random)
    head, wraps, body = sealed[:HEAD], sealed[HEAD : HEAD + 2 * WRAP], sealed[HEAD + 2 * WRAP :]
    mine = next(wraps[i : i + WRAP] for i in (0, WRAP) if wraps[i : i + 16] == anna.id)
    fewer = MAGIC + b"\0\1" + head[-32:] + mine + body
    assert open_backup(sealed, anna) == b"data"
    with pytest.raises(IntegrityError):
        open_backup(fewer, anna)


def test_attack_another_file_key_than_the_committed_one_is_refused(anna: Keys, random: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(module, "_commit", lambda key: bytes(32))
        sealed = seal_backup(b"data", [anna.recipient], random)
        assert open_backup(sealed, anna) == b"data"
    with pytest.raises(IntegrityError):
        open_backup(sealed, anna)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), lead=st.sampled_from([b"", MAGIC, MAGIC + b"\0\1" + bytes(32) + Keys.from_seed(b"a" * 32).id]))
def test_no_bytes_whatever_raise_anything_else(data: bytes, lead: bytes) -> None:
    with pytest.raises(GovernError):
        open_backup(lead + data, Keys.from_seed(b"a" * 32))
