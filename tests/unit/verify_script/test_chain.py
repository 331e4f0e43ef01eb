"""`docs/verify.py`: who recorded and who signed hangs together from the vault id to the shown event."""

from __future__ import annotations

import hashlib
from base64 import b64decode

import pytest
from proof_files import (
    ANNA,
    AT,
    BEN,
    CLEO,
    FILE,
    FOUNDED,
    LOG,
    PERSONAL,
    RECOVERY,
    Log,
    Member,
    proved,
    refused,
    written,
)

from govern.ledger.checkpoint import sign_note
from govern.ledger.commitment import commit


def test_a_personal_part_is_committed_to_but_not_in_the_file() -> None:
    assert LOG.entries[5].personal is not None
    shown = b64decode(FILE.split(b"\n")[1].removeprefix(b"extra "))
    assert commit(b"p" * 32, PERSONAL).hex() in shown.decode()
    assert PERSONAL not in FILE + shown


@pytest.mark.parametrize(
    ("index", "chain", "signer"), [(6, [0], ANNA), (3, [0, 2], BEN), (4, [0, 2, 4], CLEO), (2, [0, 2], BEN), (1, [0], ANNA)]
)
def test_any_entry_is_proved_by_the_enrolments_it_needs(index: int, chain: list[int], signer: Member) -> None:
    assert f"entry {index} of a log of 7" in proved(LOG.proof(index, chain, signer=signer))


def test_another_member_may_sign_the_checkpoint_and_then_stands_in_the_chain_and_in_the_line() -> None:
    line = proved(LOG.proof(6, [0, 2, 4], signer=CLEO))
    assert f"by {ANNA.person} with key {ANNA.key}; signed by {CLEO.person} with key {CLEO.key}; key {CLEO.key} was enrolled for" in line
    assert "checkpoint is signed by a key that the chain does not enrol" in refused(LOG.proof(6, [0, 2], signer=CLEO))


def test_an_event_put_down_in_anothers_name_is_not_called_the_others_own() -> None:
    """Inclusion can't tell: only the checkpoint of the very transaction is its actor's word, and only of its last entry surely."""
    log = written()
    log.add(ANNA, "grant.issued", {"grant": "ee" * 16})  # written by Ben, in Anna's name
    assert f"; signed by {BEN.person}" in proved(log.proof(7, [0, 2], signer=BEN))
    log.add(ANNA, "grant.issued", {"grant": "ff" * 16})
    assert "own signature" not in proved(log.proof(7, [0], signer=ANNA))
    assert proved(log.proof(8, [0], signer=ANNA)).endswith("the actor's own signature")


def forged(by: Member, whom: Member) -> tuple[Log, Member, int]:
    """A private continuation: `by` enrols a key of their own making for `whom`, and hands over a secret with it."""
    log, rogue = written(), Member("rogue")
    enrolment = log.enrol(by, rogue, person=whom.person)
    log.add(rogue, "secret.handed_over", {}, actor=whom.person)
    return log, rogue, enrolment


def test_nobody_enrols_a_second_key_for_another_who_has_one() -> None:
    """Whether the one who enrols was an admin stands nowhere in the chain; that the person had a key does."""
    for by, chain in ((CLEO, [0, 2, 4]), (BEN, [0, 2])):
        log, rogue, enrolment = forged(by, ANNA)
        assert "second key for a person" in refused(log.proof(enrolment + 1, [*chain, enrolment], signer=rogue))
    log, rogue, enrolment = forged(ANNA, BEN)
    assert "second key for a person" in refused(log.proof(enrolment + 1, [0, 2, enrolment], signer=rogue))
    for by, whom, chain in ((ANNA, ANNA, [0]), (BEN, BEN, [0, 2]), (RECOVERY, BEN, [0, 2])):
        log, rogue, enrolment = forged(by, whom)
        assert f"secret.handed_over at {AT} by {whom.person}" in proved(log.proof(enrolment + 1, [*chain, enrolment], signer=rogue))


def test_of_a_key_that_was_enrolled_the_line_says_by_whom_and_promises_nothing() -> None:
    """The first key of a person may be a forger's: who leaves the true enrolment out of the file still stands in the line."""
    log, rogue, enrolment = forged(CLEO, BEN)
    assert "does not enrol before it" in refused(log.proof(enrolment + 1, [0, enrolment], signer=rogue))
    log = written()
    log.enrol(ANNA, Member("dora"))
    enrolment = log.enrol(Member("dora"), rogue, person=BEN.person)
    log.add(rogue, "secret.handed_over", {}, actor=BEN.person)
    line = proved(log.proof(enrolment + 1, [0, 7, enrolment], signer=rogue))
    assert "own signature" not in line
    dora = Member("dora")
    assert f"key {rogue.key} was enrolled for {BEN.person} by {dora.person} with key {dora.key}; key {dora.key} was enrolled for" in line
    assert line.endswith("; that each was allowed to is not shown by this file")
    assert proved(LOG.proof(6, [0], signer=ANNA)).endswith("; the actor's own signature"), "control: the founder's first key"
    log = written()
    again = log.enrol(ANNA, rogue, person=ANNA.person)
    log.add(rogue, "secret.handed_over", {}, actor=ANNA.person)
    line = proved(log.proof(again + 1, [0, again], signer=rogue))
    assert "own signature" not in line
    assert f"was enrolled for {ANNA.person} by {ANNA.person}" in line


def test_a_key_that_the_chain_does_not_enrol_records_nothing() -> None:
    assert "under a key that the chain does not enrol" in refused(LOG.proof(5, [0, 2], signer=BEN))


def test_a_signature_by_a_stranger_under_a_members_name_is_refused() -> None:
    text = LOG.note(ANNA, 7).partition(b"\n\n")[0] + b"\n"
    stranger = Member("stranger")
    for public in (ANNA.sign, stranger.sign):
        note = sign_note(text, name=ANNA.key, public=public, sign=stranger.secret.sign)
        assert "signature" in refused(LOG.proof(6, [0], signer=ANNA, note=note))
    assert proved(LOG.proof(6, [0], signer=ANNA, note=sign_note(text, name=ANNA.key, public=ANNA.sign, sign=ANNA.secret.sign)))


def test_a_note_with_a_second_signature_or_an_extension_line_is_refused() -> None:
    note = LOG.note(ANNA, 7)
    second = BEN.note(note.partition(b"\n\n")[0] + b"\n").partition(b"\n\n")[2]
    refused(LOG.proof(6, [0, 2], signer=ANNA, note=note + second))
    extended = ANNA.note(note.partition(b"\n\n")[0] + b"\nmore\n")
    refused(LOG.proof(6, [0], signer=ANNA, note=extended))


def test_a_key_of_small_order_signs_nothing() -> None:
    """Whoever writes the database could sign for such a key: S = 0 is a signature of everything under the neutral point."""
    weak = Member("weak")
    weak.sign = (1).to_bytes(32, "little")
    weak.key = hashlib.sha256(weak.sign + weak.seal).hexdigest()[:32]
    log = written()
    log.enrol(ANNA, weak)
    text = log.note(ANNA, 8).partition(b"\n\n")[0] + b"\n"
    forged = sign_note(text, name=weak.key, public=weak.sign, sign=lambda _: weak.sign + bytes(32))
    assert "small order" in refused(log.proof(6, [0, 7], signer=ANNA, note=forged))
    assert proved(log.proof(6, [0, 7], signer=ANNA))


def test_nobody_enrols_themselves_or_before_they_are_enrolled() -> None:
    log = written()
    stranger = Member("stranger")
    own = log.enrol(stranger, stranger)
    assert "does not enrol before it" in refused(log.proof(6, [0, own], signer=ANNA))
    log = written()
    early = log.enrol(stranger, Member("puppet"))
    late = log.enrol(ANNA, stranger)
    assert "does not enrol before it" in refused(log.proof(6, [0, early, late], signer=ANNA))
    assert "does not enrol before it" in refused(log.proof(early, [0, late], signer=ANNA))


def test_an_event_is_of_the_person_whose_key_recorded_it() -> None:
    log = written()
    index = log.add(ANNA, "grant.issued", {}, actor=BEN.person)
    assert "not its actor's" in refused(log.proof(index, [0], signer=ANNA))
    control = log.add(ANNA, "grant.issued", {}, actor=ANNA.person)
    assert proved(log.proof(control, [0], signer=ANNA))


def test_an_enrolment_names_the_key_that_it_enrols() -> None:
    for change in ({"key": BEN.key}, {"sign": BEN.sign.hex()}, {"seal": BEN.seal.hex()}, {"sign": None}, {"person": "nobody"}, {"key": 5}):
        log = written()
        index = log.enrol(ANNA, Member("new"), **change)
        refused(log.proof(6, [0, index], signer=ANNA))
    log = written()
    assert proved(log.proof(6, [0, log.enrol(ANNA, Member("new"))], signer=ANNA))
    again = log.enrol(ANNA, BEN, person=CLEO.person)
    assert "enrols a key again" in refused(log.proof(6, [0, 2, again], signer=ANNA))


def test_the_chain_is_in_the_order_of_the_log() -> None:
    log = written()
    late = log.enrol(ANNA, Member("new"))
    assert proved(log.proof(6, [0, 2, late], signer=ANNA))
    for chain in ([0, late, 2], [2, 0, late], [0, 0], [0, 2, 2]):
        refused(log.proof(6, chain, signer=ANNA))


def test_only_enrolments_stand_in_the_chain() -> None:
    assert "enrols nobody" in refused(LOG.proof(6, [0, 1], signer=ANNA))
    assert "does not start this vault" in refused(LOG.proof(6, [1], signer=ANNA))


def test_entry_0_founds_the_vault_under_its_founders_key() -> None:
    for change in ({"key": BEN.key}, {"founder": BEN.person}, {"founder": None}, {"recovery_key": BEN.key}, {"recovery_sign": 5}):
        log = written(FOUNDED | change)
        refused(log.proof(6, [0], signer=ANNA), log.vault.hex())
    log = written()
    assert proved(log.proof(6, [0], signer=ANNA))
    for by, type_ in ((BEN, "vault.founded"), (RECOVERY, "vault.founded"), (ANNA, "key.enrolled")):
        log = Log()
        log.add(by, type_, FOUNDED, actor=ANNA.person)
        refused(log.proof(0, [0], signer=ANNA), log.vault.hex())
    same = written(FOUNDED | ANNA.keys("recovery_"))
    assert "is the founder's" in refused(same.proof(6, [0], signer=ANNA), same.vault.hex())


def test_the_recovery_key_may_enrol_and_is_named_as_such() -> None:
    log = written()
    index = log.enrol(RECOVERY, Member("new admin"))
    line = proved(log.proof(index, [0, index], signer=RECOVERY))
    assert f"with recovery key {RECOVERY.key}" in line
    log.add(Member("new admin"), "account.added", {})
    line = proved(log.proof(index + 1, [0, index], signer=ANNA))
    assert f"signed by {ANNA.person} with key {ANNA.key}; key {Member('new admin').key} was enrolled for" in line
    assert f"by recovery with key {RECOVERY.key}; that each" in line
    without = written({key: value for key, value in FOUNDED.items() if not key.startswith("recovery")})
    index = without.enrol(RECOVERY, Member("new admin"))
    refused(without.proof(index, [0, index], signer=ANNA), without.vault.hex())


# --- keys that took the place of others -------------------------------------------------------------------------------------------------


def rekeyed(*, revoked_by: Member = ANNA, enrolled_by: Member = ANNA, before: bool = True, key: str = "") -> tuple[Log, Member, list[int]]:
    """Ben's first key, which enrolled Cleo's, is revoked; another is enrolled for him, with which he hands over a secret. Cleo signs nothing."""
    log, new = written(), Member("ben's new machine")
    steps = []
    for step in ("revoke", "enrol") if before else ("enrol", "revoke"):
        if step == "revoke":
            steps.append(log.add(revoked_by, "key.revoked", {"key": key or BEN.key, "cause": "replaced"}))
        else:
            steps.append(log.enrol(enrolled_by, new, person=BEN.person))
    log.add(new, "secret.handed_over", {}, actor=BEN.person)
    return log, new, steps


def test_a_key_that_took_the_place_of_a_revoked_one_is_taken() -> None:
    for by in (ANNA, CLEO, RECOVERY):
        log, new, steps = rekeyed(enrolled_by=by, revoked_by=by)
        assert f"secret.handed_over at {AT} by {BEN.person}" in proved(log.proof(steps[1] + 1, [0, 2, 4, *steps], signer=new))


def test_a_second_key_without_a_revocation_before_it_is_not() -> None:
    log, new, (revoked, enrolment) = rekeyed(enrolled_by=CLEO)
    assert "second key for a person" in refused(log.proof(enrolment + 1, [0, 2, 4, enrolment], signer=new))
    log, new, (enrolment, revoked) = rekeyed(enrolled_by=CLEO, before=False)
    assert "second key for a person" in refused(log.proof(revoked + 1, [0, 2, 4, enrolment, revoked], signer=new))
    log, new, (revoked, enrolment) = rekeyed(enrolled_by=CLEO, revoked_by=CLEO, key=ANNA.key)
    assert "second key for a person" in refused(log.proof(enrolment + 1, [0, 2, 4, revoked, enrolment], signer=new)), "of somebody else"
    log, new, (revoked, enrolment) = rekeyed(key="ab" * 16)
    assert "enrols nobody" in refused(log.proof(enrolment + 1, [0, 2, revoked, enrolment], signer=new)), "of no key of the chain"


def test_a_revocation_is_recorded_under_a_key_of_the_chain_and_not_under_the_revoked_one() -> None:
    for by in (Member("stranger"), BEN):
        log, new, steps = rekeyed(revoked_by=by)
        assert "under a key that the chain does not enrol before it, or revokes" in refused(log.proof(9, [0, 2, *steps], signer=new))


def test_a_revoked_key_records_and_signs_nothing_more() -> None:
    log, _, steps = rekeyed()
    late = log.add(BEN, "grant.issued", {})
    assert "or revokes" in refused(log.proof(late, [0, 2, *steps], signer=ANNA))
    assert proved(log.proof(late, [0, 2], signer=ANNA)), "the control: who leaves the revocation out is not told of it"
    assert "or revokes" in refused(log.proof(6, [0, 2, *steps], signer=BEN))
    enrolment = log.enrol(BEN, Member("puppet"))
    assert "or revokes" in refused(log.proof(6, [0, 2, *steps, enrolment], signer=ANNA))
