"""An epoch key is the ledger's or it is refused, before anything is sealed under it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from govern.errors import IntegrityError, Malformed
from govern.vault import hpke
from govern.vault.keys import Keys
from govern.vault.seal import epoch_id, open_previous, seal_previous, unwrap_epoch, wrap_epoch

OLD, NEW = b"o" * 32, b"n" * 32


def test_an_epochs_id_follows_from_its_key() -> None:
    assert epoch_id(OLD) == hashlib.sha256(b"govern/epoch/v1\0" + OLD).digest()[:16]
    with pytest.raises(Malformed):
        epoch_id(b"short")


def test_a_reader_gets_the_key_and_others_do_not(anna: Keys, bert: Keys) -> None:
    wrapped = wrap_epoch(NEW, epoch_id(NEW), anna.recipient)
    assert unwrap_epoch(wrapped, epoch_id(NEW), anna) == NEW
    for given, epoch, keys in [(wrapped, epoch_id(NEW), bert), (wrapped, epoch_id(OLD), anna), (wrapped[:-1], epoch_id(NEW), anna)]:
        with pytest.raises(IntegrityError) as caught:
            unwrap_epoch(given, epoch, keys)
        assert caught.value.code == "epoch"


@pytest.mark.parametrize("planted", [OLD, b"short", b""])
def test_attack_a_planted_key_is_refused_before_use(planted: bytes, anna: Keys) -> None:
    """Sealed rightly to us under the ledger's epoch, as whoever can write the store is able to."""
    bound = hpke.info(hpke.EPOCH_WRAP, epoch_id(NEW), anna.id)
    wrapped = hpke.seal(planted, anna.seal_public, bound)
    assert anna.unseal(wrapped, bound) == planted
    with pytest.raises(IntegrityError) as caught:
        unwrap_epoch(wrapped, epoch_id(NEW), anna)
    assert caught.value.code == "epoch"


def test_a_key_is_never_wrapped_under_anothers_name(anna: Keys) -> None:
    with pytest.raises(IntegrityError):
        wrap_epoch(OLD, epoch_id(NEW), anna.recipient)


def test_the_previous_key_opens_under_the_new_one_alone(random: Callable[[int], bytes]) -> None:
    sealed = seal_previous(OLD, NEW, epoch_id(NEW), random=random)
    assert open_previous(sealed, NEW, epoch_id(NEW), epoch_id(OLD)) == OLD
    third = b"t" * 32
    for given, key, epoch, previous in [
        (sealed, third, epoch_id(third), epoch_id(OLD)),
        (sealed, NEW, epoch_id(NEW), epoch_id(third)),
        (sealed, NEW, epoch_id(third), epoch_id(OLD)),
        (sealed[:-1], NEW, epoch_id(NEW), epoch_id(OLD)),
        (b"", NEW, epoch_id(NEW), epoch_id(OLD)),
    ]:
        with pytest.raises(IntegrityError) as caught:
            open_previous(given, key, epoch, previous)
        assert caught.value.code == "epoch"


def test_sealing_the_same_previous_key_twice_uses_two_nonces() -> None:
    assert seal_previous(OLD, NEW, epoch_id(NEW))[:12] != seal_previous(OLD, NEW, epoch_id(NEW))[:12]
