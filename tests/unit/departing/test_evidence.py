"""An evidence pack: whatever it claims is worked out again from proven entries, without a line of govern; whatever was altered is found."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from govern.errors import IntegrityError, NotFound
from govern.facts import FACTS
from govern.holdings.exposures import STRENGTH
from govern.offboarding.kinds import DEPARTURES, CaseKind
from govern.procedures import evidence, offboard
from govern.register.queries import cases
from govern.reports import departure, evidence_page, read_me

from .conftest import Company, copied
from .pack_files import DOCS, SCRIPT, Files, run

NOTE = "took the sheet out of the drawer"


@copied
def anna(folder: Path) -> Company:
    """Anna held the shop with its two secrets and knew the blog's; she had a role there and a phone. One secret was changed two hours later."""
    company = Company(folder)
    company.enrol("ben", "admin")
    company.enrol("anna")
    company.account("shop", "mia", "anna")
    company.account("blog", "mia", tier="critical")
    changed = company.secret("shop", secret="first-secret-of-the-shop")
    company.secret("shop", "totp", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    company.declare(company.secret("blog"), "anna")
    role, phone = "ab" * 16, "cd" * 16
    company.fact(
        "entitlement.recorded", {"entitlement": role, "account": company.ids["shop"], "person": company.ids["anna"], "role": "editor"}
    )
    company.fact("device.given", {"device": phone, "person": company.ids["anna"], "kind": "phone"}, {"name": "Anna's phone"})
    case = company.offboard("anna")
    company.later(hours=2)
    company.rotate(changed)
    company.fact("entitlement.ended", {"entitlement": role, "account": company.ids["shop"], "on": "2026-11-20"}, by="ben")
    company.do(lambda tx: offboard.refresh(tx, cases.by_id(tx.register, case.id, reader=tx.actor)))
    company.end(case, next(one.number for one in company.items(case) if one.item.kind == "device"), note=NOTE)
    company.ids["case"], company.ids["changed"] = case.id, changed
    return company


def case_of(company: Any) -> Any:
    return cases.by_id(company.db(), company.ids["case"], reader=company.ids["mia"])


@pytest.fixture
def files(anna: Any, tmp_path: Path) -> Files:
    return Files(anna, case_of(anna), tmp_path / "pack")


def at(files: Files, kind: str, **of: Any) -> int:
    """Which of the claimed items is of this kind, and of this state or the like."""
    found = [n for n, one in enumerate(files.pack.claims["items"]) if one["kind"] == kind and all(one[name] == of[name] for name in of)]
    return found[0]


# --- what it says -------------------------------------------------------------------------------------------------------------------------


def test_a_pack_is_proved_and_says_so_in_one_line(anna: Any, files: Files) -> None:
    line = files.told()
    assert line.startswith(f"case {anna.ids['case']} of person {anna.ids['anna']} (leaver): 7 items (5 done, 2 open); ")
    assert "1 of 3 secrets rotated (longest lag 123 min)" in line
    assert "not closed" in line
    assert "by what all of it could be known (of 0 of 3 secrets), that no grant ended before the cut (of 1 of 3)" in line
    assert line.endswith("names, notes and controls in it, when it was made, nor that no entry is missing")


def test_its_states_grades_times_and_lags_are_those_of_the_register(anna: Any, files: Files) -> None:
    case = case_of(anna)
    items = cases.items(anna.db(), case.id)
    told = files.pack.claims["items"]
    assert [(one["id"], one["state"], one["grade"] or "") for one in told] == [(one.id, one.state.value, one.grade) for one in items]
    secrets = departure.secrets_of(anna.db(), case, items, anna.now)
    lines = [one for one in told if one["kind"] == "rotate"]
    assert [(one["revoked"]["at"], one["rotated"] and one["rotated"]["at"], one["lag_minutes"]) for one in lines] == [
        (secret.revoked_at, secret.rotated_at or None, secret.lag_minutes) for secret in secrets
    ]
    assert [one["lag_minutes"] for one in lines if one["rotated"]] == [secret.lag_minutes for secret in secrets if secret.rotated_at] != []


def test_platform_time_stands_beside_recording_time(files: Files) -> None:
    (role,) = [one for one in files.pack.claims["items"] if one["kind"] == "entitlement"]
    assert role["borne_out"]["type"] == "entitlement.ended"
    assert (role["borne_out"]["on"], role["borne_out"]["at"][:10]) == ("2026-11-20", "2026-11-21")


def test_a_closed_case_has_its_attestation(anna: Any, tmp_path: Path) -> None:
    case = case_of(anna)
    for one in anna.items(case):
        if one.state.value == "open":
            anna.end(case, one.number, "waived", by="ben")
    anna.enrol("hal", "hr")
    anna.close_case(case, by="hal")
    files = Files(anna, case, tmp_path / "pack")
    closed = files.pack.claims["case"]["closed"]
    assert closed["by"] == anna.ids["hal"]
    assert f"closed at {closed['at']} by {anna.ids['hal']}" in files.told()
    altered = files.with_claims(lambda claims: claims["case"]["closed"].update(signed_by_one=not closed["signed_by_one"]))
    assert "claims.case.closed.signed_by_one is" in files.refused(altered)


def test_controls_of_four_standards_stand_beside_every_kind_of_item(files: Files) -> None:
    told = json.loads(files.json)["controls"]
    assert "NIST SP 800-53 rev 5 AC-2 k" in told["items"]["rotate"]
    assert "CIS Controls v8.1 6.2" in told["items"]["rotate"]
    assert "ISO/IEC 27001:2022 Annex A A.5.18" in told["items"]["rotate"]
    assert "SOC 2 Trust Services Criteria CC6.2" in told["items"]["rotate"]
    assert told["policy"]["membership"] == "AC-2 k"


# --- attacks; the control beside each is that the untouched pack is proved ---------------------------------------------------------------------


Change = Callable[[Files, dict[str, Any]], object]
CLAIMS: dict[str, Change] = {
    "time of a rotation": lambda files, claims: claims["items"][at(files, "rotate", state="done")]["rotated"].update(at="2026-11-21T09:30:00Z"),
    "lag": lambda files, claims: claims["items"][at(files, "rotate", state="done")].update(lag_minutes=1),
    "grade": lambda files, claims: claims["items"][at(files, "rotate", state="done")].update(grade="probed"),
    "open said done": lambda files, claims: claims["items"][at(files, "rotate", state="open")].update(state="done", grade="one-person"),
    "done by another": lambda files, claims: claims["items"][at(files, "device")]["history"][0].update(by="ee" * 16),
    "another due time": lambda files, claims: claims["items"][0].update(due="2027-01-01T00:00:00Z"),
    "a dropped item": lambda files, claims: claims["items"].pop(at(files, "rotate", state="open")),
    "an item twice": lambda files, claims: claims["items"].append(claims["items"][0]),
    "another secret's rotation": lambda files, claims: claims["items"][at(files, "rotate", state="open")].update(
        rotated=claims["items"][at(files, "rotate", state="done")]["rotated"]
    ),
    "another person": lambda files, claims: claims["case"].update(person="ee" * 16),
    "another kind of case": lambda files, claims: claims["case"].update(kind="mover"),
    "closed": lambda files, claims: claims["case"].update(state="closed"),
    "an earlier cut": lambda files, claims: claims["case"]["cut"].update(at="2026-11-21T08:00:00Z"),
    "another account's name": lambda files, claims: next(iter(claims["accounts"].values())).update(handle="blog2"),
    "another organisation": lambda files, claims: claims.update(organisation="Other"),
    "a larger log": lambda files, claims: claims.update(size=claims["size"] + 1),
    "platform time": lambda files, claims: claims["items"][at(files, "entitlement")]["borne_out"].update(on="2026-11-01"),
    "revoked by another entry": lambda files, claims: claims["items"][at(files, "rotate", state="done")]["revoked"].update(entry=0),
    "no longer known": lambda files, claims: claims["items"][at(files, "rotate", state="open")].update(known=[]),
    "one more thing": lambda files, claims: claims.update(more=1),
    "one thing less": lambda files, claims: claims["case"].pop("frozen"),
    "true for 1": lambda files, claims: claims["items"][0].update(number=True),
    "rubbish": lambda files, claims: claims.update(items=[None, 3, {}]),
}  # fmt: skip


@pytest.mark.parametrize("change", CLAIMS)
def test_a_claim_that_was_altered_is_found(files: Files, change: str) -> None:
    assert files.refused() == ""
    altered = files.with_claims(lambda claims: CLAIMS[change](files, claims))
    assert altered != files.json
    assert files.refused(altered)


def test_the_line_says_what_differs(files: Files) -> None:
    number = at(files, "rotate", state="done")
    altered = files.with_claims(lambda claims: claims["items"][number].update(lag_minutes=1))
    assert files.refused(altered).startswith(f"claims.items[{number}].lag_minutes is 1, and the entries say ")


ENTRIES: dict[str, Change] = {
    "an entry left out": lambda files, value: value["entries"].pop(2),
    "an entry nobody cites": lambda files, value: value["entries"].insert(0, value["chain"][0]),
    "an entry twice": lambda files, value: value["entries"].insert(1, value["entries"][0]),
    "another event": lambda files, value: value["entries"][3].update(event=value["entries"][4]["event"], salt=value["entries"][4]["salt"]),
    "another time in an event": lambda files, value: value["entries"][3].update(
        event=value["entries"][3]["event"].replace("2026-11-21T09", "2026-11-21T08")
    ),
    "paths exchanged": lambda files, value: value["entries"][3].update(path=value["entries"][4]["path"]),
    "no enrolment": lambda files, value: value["chain"].pop(),
    "another salt": lambda files, value: value["entries"][3].update(salt="00" * 32),
    "no entries": lambda files, value: value["entries"].clear(),
}  # fmt: skip


@pytest.mark.parametrize("change", ENTRIES)
def test_a_proof_that_was_altered_is_found(files: Files, change: str) -> None:
    assert files.refused(proof=files.with_entries(lambda _: None)) == ""
    assert files.refused(proof=files.with_entries(lambda value: ENTRIES[change](files, value)))


def test_an_item_dropped_from_both_files_is_missed(files: Files) -> None:
    """Whoever drops the entry that lists the items as well contradicts how many the opening counts."""
    none = files.with_claims(lambda claims: claims["items"].clear())
    left = set(SCRIPT.cited(json.loads(none)["claims"]))
    assert "entries are proved that nothing is claimed of" in files.refused(none)
    with_last = max(left)
    proof = files.with_entries(lambda value: value.update(entries=[one for one in value["entries"] if one["index"] in left]))
    head, extra, rest = proof.split(b"\n", 2)
    path = next(one["path"] for one in _extra(proof)["entries"] if one["index"] == with_last)
    nodes = [b64encode(bytes.fromhex(_extra(proof)["nodes"][at])) for at in path]
    proof = b"\n".join([head, extra, b"index %d" % with_last, *nodes, b"", rest.split(b"\n\n", 1)[1]])
    assert "items were listed at the opening, and 0 are proved" in files.refused(none, proof)


def _extra(proof: bytes) -> Any:
    return json.loads(b64decode(proof.split(b"\n", 2)[1].removeprefix(b"extra ")))


def test_the_checkpoint_can_not_be_exchanged_or_changed(anna: Any, files: Files) -> None:
    head, note = files.proof.split(b"\n\n", 1)
    lines = note.split(b"\n")
    for number, altered in ((1, b"%d" % (int(lines[1]) + 1)), (2, lines[2][:-5] + b"AAAA="), (4, lines[4][:-8] + b"AAAAAAA=")):
        changed = [*lines[:number], altered, *lines[number + 1 :]]
        assert files.refused(proof=head + b"\n\n" + b"\n".join(changed))
    anna.account("news")
    later = Files(anna, case_of(anna), files.folder)
    assert later.refused() == ""
    assert files.refused(proof=head + b"\n\n" + later.proof.split(b"\n\n", 1)[1])
    assert "claims.size is" in files.refused(proof=later.proof)


def test_any_flipped_bit_of_the_proof_is_found(files: Files) -> None:
    assert files.refused() == ""
    random = Random(1)
    for _ in range(60):
        data = bytearray(files.proof)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        assert files.refused(proof=bytes(data))


def test_another_vaults_evidence_is_no_evidence_here(anna: Any, files: Files, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Company(tmp_path / "other")
    other.person("anna")
    other.declare(other.shop("mia"), "anna")
    theirs = Files(other, other.offboard("anna"), tmp_path / "theirs")
    other.close()
    assert theirs.refused() == ""
    assert theirs.refused(vault=files.vault) == "it is evidence from another vault"
    claimed = theirs.json.replace(theirs.vault, files.vault)
    assert theirs.refused(claimed, vault=files.vault) == "its checkpoint is of another vault"
    assert files.refused(proof=theirs.proof) == "its checkpoint is of another vault"


def test_the_proof_of_another_case_proves_nothing_of_this_one(anna: Any, files: Files, tmp_path: Path) -> None:
    anna.person("eva")
    anna.declare(anna.ids["changed"], "eva")
    theirs = Files(anna, anna.offboard("eva"), tmp_path / "theirs")
    assert theirs.refused() == ""
    assert theirs.refused(proof=files.proof)
    assert files.refused(proof=theirs.proof)
    assert not {anna.ids["eva"], theirs.pack.claims["case"]["id"]} & set(files.json.split('"'))


def test_a_rotation_by_the_one_who_left_is_no_evidence(anna: Any, tmp_path: Path) -> None:
    """Control: another's is. What the ledger has of theirs is not cited, and citing it all the same is refused."""
    anna.enrol("eva", "admin")
    credential = anna.ids["changed"]
    anna.declare(credential, "eva")
    case = anna.offboard("eva", cut_in=3)
    anna.rotate(credential, "set-by-eva", by="eva")
    files = Files(anna, case, tmp_path / "pack")
    number = at(files, "rotate", credential=credential)
    assert files.pack.claims["items"][number]["rotated"] is None
    anna.rotate(credential, "set-by-mia")
    after = Files(anna, case, tmp_path / "pack")
    assert after.pack.claims["items"][number]["rotated"]["by"] == anna.ids["mia"]
    assert after.refused() == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "it is JSON in another spelling"), ("{", "it is no JSON"), ("{}\n", "no evidence pack"),
        ('{\n "schema": "govern.evidence/2"\n}\n', "no evidence pack"),
        ("[" * 100_000, "it is no JSON"), ('{\n "schema": "govern.evidence/1",\n "claims": {}\n}\n', "another vault"),
    ],
)  # fmt: skip
def test_rubbish_is_refused_without_a_traceback(files: Files, text: str, why: str) -> None:
    assert why in files.refused(text)


def test_a_key_that_stands_twice_is_another_spelling(files: Files) -> None:
    twice = files.json.replace('"schema": "govern.evidence/1",', '"schema": "govern.evidence/1",\n "claims": {},', 1)
    assert "another spelling" in files.refused(twice)


# --- what is claimed, cited by nothing and worked out from nothing -----------------------------------------------------------------------------


def lie(files: Files, change: Callable[[dict[str, Any]], object], kind: str = "rotate") -> tuple[str, bytes]:
    """The pack with the same change made to every item of a kind, and its proof cut down to what is still cited: as a liar would hand it on."""
    altered = files.with_claims(lambda claims: [change(one) for one in claims["items"] if one["kind"] == kind])
    assert altered != files.json
    left = set(SCRIPT.cited(json.loads(altered)["claims"]))
    return altered, files.with_entries(lambda value: value.update(entries=[one for one in value["entries"] if one["index"] in left]))


def test_a_basis_is_one_that_its_entry_can_bear_out(files: Files) -> None:
    """Control: the bases that are so. A milder word for it, or a milder basis, is refused."""
    assert files.refused() == ""
    words = "merely sealed, never looked at"
    altered, proof = lie(files, lambda item: [one.update(basis=words) for one in item["known"]])
    assert files.refused(altered, proof).endswith("is no basis on which a secret is known")
    altered, proof = lie(
        files, lambda item: [one.update(basis="imported" if one["basis"] == "declared" else "declared") for one in item["known"]]
    )
    assert "on which nobody is 'imported'" in files.refused(altered, proof)


def test_every_exposure_in_the_register_has_a_basis_that_its_entry_can_bear_out(anna: Any) -> None:
    rows = anna.db().execute(
        "SELECT x.basis, e.type FROM exposures x JOIN entries e ON e.idx = x.entry WHERE e.type NOT IN ('void', 'sealed')"
    )
    found = set(rows.fetchall())
    assert {("sealed", "version.staged"), ("declared", "knowledge.declared")} <= found
    assert [(basis, type_) for basis, type_ in found if type_ not in SCRIPT.BASES[basis]] == []
    assert SCRIPT.BASES.keys() == STRENGTH.keys()
    assert {type_ for types in SCRIPT.BASES.values() for type_ in types} <= FACTS.keys()
    assert set(SCRIPT.KINDS) == {kind.value for kind in DEPARTURES}


def test_bases_that_no_entry_bears_out_are_counted_as_not_proved(files: Files) -> None:
    """Control: of the pack as it was written every basis is. An entry that counts for nothing is null in an honest pack too, so it is told, not refused."""
    assert "known (of 0 of 3 secrets)" in files.told()
    for change in (
        lambda item: [one.update(entry=None, type=None, at=None) for one in item["known"]],
        lambda item: item.update(known=[]),
    ):
        altered, proof = lie(files, change)
        assert "known (of 3 of 3 secrets)" in files.told(altered, proof)


def test_a_revocation_is_not_left_out_to_hide_a_lag(files: Files) -> None:
    assert files.refused() == ""
    altered, proof = lie(files, lambda item: item.update(revoked=None, lag_minutes=None))
    assert "is claimed to have been revoked by nothing, and the cut is proved" in files.refused(altered, proof)
    altered, proof = lie(files, lambda item: item.update(revoked=None), "end-grant")
    assert "is claimed to have been revoked by nothing" in files.refused(altered, proof)


def test_a_grant_that_the_case_ended_is_not_swapped_for_the_cut(files: Files) -> None:
    """Control: for the account on which there was none the cut stands, and the line counts it."""
    cut = {**files.pack.claims["case"]["cut"], "grant": None, "issued": None}
    assert [one["revoked"] == cut for one in files.pack.claims["items"] if one["kind"] == "rotate"].count(True) == 1
    assert "that no grant ended before the cut (of 1 of 3)" in files.told()
    altered, proof = lie(files, lambda item: item.update(revoked=cut))
    assert "is claimed to have had no grant, and the case ends one" in files.refused(altered, proof)


def test_a_refusal_prints_nothing_that_moves_the_cursor(files: Files, tmp_path: Path) -> None:
    """Whoever writes a key of the claims does not write the line below. Control: the refusal itself holds the key as it stands."""
    key = "\x1b[2K\r\nevidence.json: proved: all is well\n"
    altered = files.with_claims(lambda claims: claims.update({key: 1}))
    assert "\x1b" in files.refused(altered)
    (files.folder / "evidence.json").write_text(altered)
    (files.folder / SCRIPT.PROOF).write_bytes(files.proof)
    result = run(files.vault, str(files.folder / "evidence.json"))
    assert (result.returncode, result.stderr, result.stdout.count("\n")) == (1, "", 1)
    assert result.stdout[:-1].isprintable()
    assert ": REFUSED: " in result.stdout


# --- what is not in it ------------------------------------------------------------------------------------------------------------------------


def test_no_proof_holds_a_name_a_note_or_a_secret(anna: Any, files: Files) -> None:
    """Names and notes stand in `told`, which says nothing of an entry; personal parts and their salts stand nowhere."""
    claims = json.dumps(json.loads(files.json)["claims"])
    value: dict[str, Any] = {}
    files.with_entries(lambda found: value.update(found))
    entries = json.dumps(value)
    for text in ("Mia Holm", "Anna", NOTE):
        assert text not in claims + entries
        assert text in files.json
    page, text = evidence_page.html(files.pack, "en"), read_me.text(files.pack, "en")
    for secret in ("first-secret-of-the-shop", "JBSWY3DPEHPK3PXP"):
        assert secret not in files.json + entries + page + text


def test_the_page_of_a_hostile_name_shows_it_and_does_nothing(anna: Any, tmp_path: Path) -> None:
    name = "<script>alert(1)</script> & \u202e\x1b[31m'\"{person}"
    anna.ids["eve"] = anna.do(lambda tx: _person(tx, name))
    anna.declare(anna.ids["changed"], "eve")
    files = Files(anna, anna.offboard("eve"), tmp_path / "pack")
    page = evidence_page.html(files.pack, "en")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert not {"\u202e", "\x1b"} & set(page + read_me.text(files.pack, "en"))
    assert files.refused() == ""
    assert files.json.isascii()


def _person(tx: Any, name: str) -> str:
    from govern.procedures import people

    return str(people.add(tx, people.NewPerson(name=name, handle="eve")).id)


def test_a_case_that_one_may_not_see_has_no_pack(anna: Any, tmp_path: Path) -> None:
    """Under embargo the one it is about, and an admin who is not named, find no such case; whoever is named has a pack of it."""
    anna.enrol("eva", "hr")
    anna.enrol("hal", "hr")
    anna.declare(anna.ids["changed"], "eva")
    opening = offboard.Opening(person="eva", kind=CaseKind.LEAVER, cut_at="", embargo=True, readers=("ben",))
    case = anna.do(offboard.open_, opening)[0]
    for named in ("mia", "ben"):
        assert Files(anna, case, tmp_path / named, by=named).refused() == ""
    for other in ("eva", "hal"):
        with pytest.raises(NotFound):
            anna.case(case, by=other)


def test_what_the_rows_say_otherwise_than_the_register_makes_no_pack(anna: Any) -> None:
    case = case_of(anna)
    entries = cases.items(anna.db(), case.id)
    altered = [entry._replace(grade="probed") if entry.grade else entry for entry in entries]
    told = evidence.gather(anna.members["mia"], case, anna.now).pack.claims
    evidence._as_the_register_has_it(told, case, entries)
    with pytest.raises(IntegrityError, match="does not follow from its entries"):
        evidence._as_the_register_has_it(told, case, altered)


def test_another_checkpoint_beside_the_pack_is_found(files: Files) -> None:
    """It is the state that an auditor compares with others: swapped, it would hide a fork behind a pack that is proved."""
    note = files.folder / "checkpoint.note"
    note.write_bytes(files.note)
    assert files.refused() == ""
    note.write_bytes(files.note.replace(b"\n", b" \n", 1))
    assert files.refused() == "the checkpoint.note beside it is not the one that its proof runs to"
    note.unlink()
    assert files.refused() == ""


def test_the_proof_of_a_pack_says_which_file_is_checked_and_a_script_alone_what_it_lacks(files: Files, tmp_path: Path) -> None:
    """An auditor who gave it the other file, or took one script of the two, read a refusal that looked like a forgery."""
    files.told()
    (files.folder / "evidence.json").write_text(files.json)
    told = run(files.vault, str(files.folder / SCRIPT.PROOF))
    assert (told.returncode, "of a pack, evidence.json is checked" in told.stdout) == (1, True)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "verify.py").write_bytes((DOCS / "verify.py").read_bytes())
    command = [sys.executable, str(alone / "verify.py"), files.vault, str(files.folder / "evidence.json")]
    told = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert (told.returncode, "verify_evidence.py is not beside verify.py" in told.stdout) == (1, True)
