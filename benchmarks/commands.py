"""Cold commands: a whole process from the shell's point of view, at 100,000 accounts, beside the smallest script that does the like.

Floor of a reading command: a script that imports typer, opens the vault's file with `sqlite3` and selects one row. Of a writing one: the
same through SQLAlchemy Core, with the ciphers and signatures of `cryptography` imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from measure import Result, environment, mb, ms, processes
from member import Member, build

READ = "import sys, typer, sqlite3; sqlite3.connect(sys.argv[1]).execute('SELECT note FROM checkpoint LIMIT 1').fetchone()"
WRITE = (
    "import sys, typer, sqlalchemy as sa; from cryptography.hazmat.primitives.ciphers.aead import AESGCM;"
    "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey;"
    "e = sa.create_engine('sqlite:///' + sys.argv[1]); t = sa.table('checkpoint', sa.column('note'));"
    "e.connect().execute(sa.select(t).limit(1)).fetchone()"
)

Command = tuple[Sequence[str], Mapping[str, str]]


def script(text: str, member: Member) -> Command:
    return [sys.executable, "-c", text, str(member.folder / "vault.db")], environment()


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    count = 5_000 if quick else 100_000
    member = build(folder / f"vault-{count}", count)
    rounds = 7 if quick else 15
    reading = {"who": ("who", "instagram-000000"), "holds": ("holds", "anna"), "account show": ("account", "show", "instagram-000000")}
    for name, words in reading.items():
        ours, floor = processes(rounds, member.command(*words), script(READ, member))
        yield Result(
            work=f"reading: govern {name}, {count:,} accounts", subject=ms(ours.wall), floor=f"typer + sqlite3 {ms(floor.wall)}",
            ratio=ours.wall / floor.wall, bar=1.4,
        )  # fmt: skip
        yield Result(
            work=f"memory: govern {name}, {count:,} accounts", subject=mb(ours.peak), floor=f"typer + sqlite3 {mb(floor.peak)}",
            ratio=ours.peak / floor.peak, bar=1.3,
        )  # fmt: skip
    ours, floor = processes(rounds, member.command("person", "add", "Bo Berg", "--json"), script(WRITE, member))
    yield Result(
        work=f"writing: govern person add, {count:,} accounts", subject=ms(ours.wall), floor=f"typer + SQLAlchemy + cryptography {ms(floor.wall)}",
        ratio=ours.wall / floor.wall, bar=1.25,
    )  # fmt: skip
    for word in ("--version", "--help"):
        ours, floor = processes(rounds, member.command(word), ([sys.executable, "-c", "pass"], environment()))
        yield Result(work=f"govern {word}", subject=ms(ours.wall), floor=f"python -c pass {ms(floor.wall)}", ratio=ours.wall / floor.wall)
