"""The story of the demo: what is typed, chapter by chapter, and what it is typed for. Everything in it is made up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from govern.cli.demo import files
from govern.cli.demo.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to look at when the story is over."""

    report: Path
    proof: Path
    vault: str


def play(stage: Stage) -> Told:
    """All of it. Raises `stage.Stopped` at the first command that ends otherwise than it should."""
    files.put(stage.folder)
    stage.tell(f"Havn Kaffe roasts coffee and does not exist. All of this happens in {stage.folder}")
    _found(stage)
    _take_in(stage)
    _who_knows(stage)
    _give(stage)
    case = _leave(stage)
    _change(stage, case)
    report = _close(stage, case)
    vault, proof = _prove(stage)
    return Told(report=report, proof=proof, vault=vault)


def _found(stage: Stage) -> None:
    stage.chapter("1. A vault", "Mia Holm looks after the company's accounts. Her key is a file here; on a desktop the keyring keeps it.")
    stage.govern("init", "--organisation", "Havn Kaffe", "--founder", "Mia Holm <mia@havnkaffe.example>", "--handle", "mia")
    stage.chapter(
        "2. People", "Three colleagues, and Kim at an agency. Whoever merely holds a password has no keys and never runs this program."
    )
    stage.govern("person", "add", "Anna Sørensen <anna@havnkaffe.example>", "--handle", "anna", "--department", "Marketing")
    stage.govern("person", "add", "Jonas Lind <jonas@havnkaffe.example>", "--handle", "jonas", "--department", "Marketing")
    stage.govern("person", "add", "Sofie Berg <sofie@havnkaffe.example>", "--handle", "sofie", "--department", "HR")
    stage.govern("person", "add", "Kim Visser <kim@bureau.example>", "--handle", "kim", "--external", "Bureau Noord")


def _take_in(stage: Stage) -> None:
    stage.chapter("3. What there is", "The password manager's export: first what it would bring, then the real thing.")
    stage.govern("import", "bitwarden-export.json", "--dry-run")
    stage.govern("import", "bitwarden-export.json")
    stage.chapter(
        "4. And the spreadsheet",
        "Danish headings, semicolons, and a column of who knows what. X is in both files and stays one account.",
    )
    stage.govern("import", "kanaler.csv")
    stage.chapter("", "Both files hold every password in the clear. They have to go.")
    stage.remove(*files.NAMES)
    stage.govern("account", "list")


def _who_knows(stage: Stage) -> None:
    stage.chapter(
        "5. Who knows already?",
        "Nobody can reconstruct the past, so it is declared as far as anybody remembers: LinkedIn's password was posted",
        "in a chat that Anna reads, and Kim was told the one of TikTok Sverige on the phone.",
    )
    stage.govern("place", "add", "Marketing chat", "--kind", "chat")
    stage.govern("place", "holds", "Marketing chat", "--accounts", "linkedin")
    stage.govern("place", "member", "Marketing chat", "anna", "--since", "2024-02-01")
    stage.govern("known", "tiktok.sverige", "kim", "--kind", "password")


def _give(stage: Stage) -> None:
    stage.chapter(
        "6. Give, hand over, look",
        "Anna is given the shop's Instagram. She has no keys, so Mia brings her the password: recorded first, shown after.",
    )
    stage.govern("grant", "instagram.shop", "anna", "--kind", "password", "--days", "180")
    stage.govern("handover", "instagram.shop", "anna", "--kind", "password", "--stdout")
    stage.govern("grant", "tiktok.danmark", "jonas", "--days", "180")
    stage.govern("reveal", "youtube", "--stdout")
    stage.govern("code", "youtube")
    stage.govern("who", "instagram.shop")


def _leave(stage: Stage) -> str:
    stage.chapter(
        "7. Anna leaves", "Sofie of HR asks for it. First what there would be to do; then the case is opened, and Anna's grants end."
    )
    stage.govern("offboard", "plan", "anna")
    stage.govern("offboard", "open", "anna", "--requested-by", "sofie")
    stage.govern("holds", "anna")
    _sum_up(stage)
    stage.chapter("", "From here on nobody can give her anything; a refusal names its rule and the control that it comes from:")
    stage.govern("grant", "mastodon.havnkaffe", "anna", expect=4)
    return str(stage.ask("offboard", "list")["cases"][0]["id"])[:8]


def _change(stage: Stage, case: str) -> None:
    stage.chapter(
        "8. What she knows is changed",
        "The message in the chat is deleted. Then a new password each: sealed here before the platform is touched, shown,",
        "typed in there, confirmed here. The demo has no platform: it confirms in Mia's place what she would do on three sites.",
    )
    stage.govern("place", "clean", "Marketing chat", "--accounts", "linkedin")
    stage.govern("rotate", "--case", case)
    for rotation in stage.ask("rotation", "list", "--open")["rotations"]:
        stage.govern("rotation", "show", rotation["id"][:8], "--secret", "new", "--stdout")
        stage.govern("rotation", "confirm", rotation["id"][:8], "--sessions-cut")
    stage.chapter("", "Jonas holds TikTok Danmark and stays: he is brought the new one.")
    stage.govern("handover", "tiktok.danmark", "jonas", "--kind", "password", "--via", "call", "--stdout")


def _close(stage: Stage, case: str) -> Path:
    stage.chapter("9. The case is closed", "Rotations end their items by themselves; what only people can see done is said by people.")
    for number, item in enumerate(stage.ask("offboard", "show", case)["items"], start=1):
        if item["state"] == "open":
            stage.govern("offboard", "done", case, str(number), "--note", "message deleted, chat looked through")
    stage.govern("offboard", "close", case, "--statement", "Nothing that Anna knew works any more")
    stage.govern("holds", "anna")
    _sum_up(stage)
    told = stage.govern("offboard", "report", case, "--out", "report")
    return next(Path(line) for line in told.output.splitlines() if line.endswith(".html"))


def _sum_up(stage: Stage) -> None:
    """What the register says of Anna, in one line."""
    held = stage.ask("holds", "anna")
    knows = sum(1 for _ in {(one["account"], one["kind"], one["version"]) for one in held["exposures"] if one["live"]})
    stage.chapter(
        "", f"Anna: {'holds something' if held['grants'] else 'revoked'}, still knows {knows}" if knows else "Anna knows nothing that works"
    )


def _prove(stage: Stage) -> tuple[str, Path]:
    stage.chapter(
        "10. Is the ledger whole?",
        "Every entry, signature, sealed version and wrap is read again. Then one entry, the hand-over to Anna, is proved to a",
        "stranger by a script that shares no line with govern. The entry names people and accounts by number only.",
    )
    stage.govern("ledger", "verify", "--deep")
    entries = stage.ask("ledger", "show")["entries"]
    index = next(entry["index"] for entry in entries if entry["type"] == "secret.handed_over")
    stage.govern("ledger", "prove", str(index), "--out", "handover.proof")
    vault = str(stage.ask("ledger", "checkpoint")["note"]).split("\n")[0].removeprefix("govern/")
    stage.python("verify.py", vault, "handover.proof")
    stage.chapter("11. What next?", "What the vault asks for now, the most pressing first.")
    stage.govern("status")
    return vault, stage.folder / "handover.proof"
