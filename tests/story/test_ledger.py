"""`govern ledger`: what was recorded, and that it still is what it was."""

from __future__ import annotations

import subprocess
import sys

from ..conftest import ROOT, Story


def vault_id(story: Story) -> str:
    return story.ok("ledger", "checkpoint").out.split("\n")[0].removeprefix("govern/")


def test_each_command_is_one_entry_under_one_checkpoint(vault: Story) -> None:
    vault.ok("person", "add", "Anna Sø", "--handle", "anna")
    told = vault.json("ledger", "show", "--since", "4")
    assert [(entry["index"], entry["type"], entry["actor"]) for entry in told["entries"]] == [(4, "person.added", "mia")]
    assert told["size"] == 5


def test_verify_tells_size_root_and_no_findings(vault: Story) -> None:
    told = vault.json("ledger", "verify", "--deep")
    assert told["size"] == 4
    assert told["findings"] == []
    assert told["root"] == vault.json("ledger", "checkpoint")["root"]


def test_a_noted_checkpoint_is_a_point_of_the_history(vault: Story) -> None:
    note = vault.folder / "note"
    note.write_text(vault.ok("ledger", "checkpoint").out)
    vault.ok("person", "add", "Anna")
    assert vault.json("ledger", "compare", str(note))["compared"][0]["size"] == 4


def test_a_checkpoint_of_another_vault_or_an_altered_one_is_refused(vault: Story) -> None:
    note = vault.folder / "note"
    text = vault.ok("ledger", "checkpoint").out
    note.write_text(text.replace("\n4\n", "\n3\n"))
    assert vault.run("ledger", "compare", str(note)).code == 6
    other = Story(vault.folder / "other")
    other.folder.mkdir()
    other.init()
    note.write_text(other.ok("ledger", "checkpoint").out)
    assert vault.run("ledger", "compare", str(note)).code == 6
    note.write_text(text)
    assert vault.run("ledger", "compare", str(note)).code == 0, "control: the true note"


def test_a_restored_copy_of_yesterday_is_told_by_a_note_even_without_a_pin(vault: Story) -> None:
    """Somebody else's copy of an older database: the noted checkpoint stands for more than it holds."""
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    vault.ok("person", "add", "Anna")
    note = vault.folder / "note"
    note.write_text(vault.ok("ledger", "checkpoint").out)
    sheets = sorted((vault.home / "recovery").iterdir())
    machine = Story(vault.folder / "machine")
    machine.folder.mkdir()
    words = ["vault", "recover", "--vault", str(copy), "--handle", "mia", "--sheet", str(sheets[0]), "--sheet", str(sheets[1])]
    assert machine.run(*words, "--checkpoint", str(note)).code == 6
    assert machine.run(*words).code == 0, "control: without the note an older copy can't be told"


def test_a_proof_is_accepted_by_the_stand_alone_script_and_any_other_vault_id_is_not(vault: Story) -> None:
    vault.ok("person", "add", "Anna")
    proof = vault.folder / "anna.proof"
    vault.ok("ledger", "prove", "4", "--out", str(proof))
    script = [sys.executable, str(ROOT / "docs" / "verify.py")]
    good = subprocess.run([*script, vault_id(vault), str(proof)], capture_output=True, text=True, check=False)
    assert (good.returncode, "person.added" in good.stdout) == (0, True)
    assert subprocess.run([*script, "0" * 64, str(proof)], capture_output=True, check=False).returncode == 1


def test_a_proof_of_a_personal_fact_contains_no_name(vault: Story) -> None:
    vault.ok("person", "add", "Anna Sørensen <anna@acme.example>", "--handle", "anna")
    proof = vault.folder / "anna.proof"
    vault.ok("ledger", "prove", "4", "--out", str(proof))
    import base64

    extra = base64.b64decode(proof.read_text().split("\n")[1].removeprefix("extra "))
    assert b"person.added" in extra, "control: the event is there"
    assert b"nna" not in extra
    assert b"mia" not in extra


def test_a_proof_never_overwrites_a_file(vault: Story) -> None:
    proof = vault.folder / "kept"
    proof.write_text("mine")
    assert vault.run("ledger", "prove", "0", "--out", str(proof)).code == 4
    assert proof.read_text() == "mine"


def test_an_entry_that_is_not_there_is_no_such_thing(vault: Story) -> None:
    assert vault.run("ledger", "prove", "99", "--out", str(vault.folder / "p")).code == 3
