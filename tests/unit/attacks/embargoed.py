"""A company in which a departure can be kept secret: who is in it, what an unnamed member may ask of their machine, and what may differ.

`mia` founded the vault and opens the case; `nora` (HR) is named for it; `ben` (admin) is its subject; `dora` (admin) is not named; `kim` holds keys
and no role.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .vaults import PASSWORD, Machine, enrol, found

ROOT = Path(__file__).parents[3]
NAMED, UNNAMED = ("mia", "nora"), ("ben", "dora", "kim")
READING = (
    "status", "doctor", "person list", "person show ben", "account list", "account show shop", "credential list shop", "who shop", "holds ben",
    "holds dora", "offboard list", "offboard plan ben", "offboard plan dora", "rotation list", "place list", "proposal list", "key list", "policy show",
    "ledger show", "ledger verify", "ledger verify --deep", "offboard run-due", "todo", "todo --person ben", "report leavers",
    "report leavers --against {staff}", "report holders", "recovery keepers", "entitlement list", "app list", "device list", "envelope list",
    "hr import {staff} --dry-run", "account list --all", "policy check {policy}", "remind --dry-run", "remind --explain mia", "remind --explain ben",
    "channel list", "exception list", "account check", "review list", "review run-due --dry-run", "calendar --person ben --out {calendar}",
    "incident list --all", "onboard list", "spokesperson list", "spokesperson sheet --out {sheet}",
    "document list", "document outstanding", "document report", "training list",
)  # fmt: skip
"""What any member may type and what writes nothing. `{staff}` is the export of an HR program, by which ben is to leave."""

ELSEWHERE = (
    "ledger checkpoint",
    "ledger compare",
    "ledger prove",
    "ledger export",
    "offboard show",
    "offboard report",
    "onboard show",
    "onboard report",
    "rotation show",
    "proposal show",
    "review show",
    "review report",
    "document show",
    "document diff",
    "document sheet",
    "incident show",
    "incident text",
)
"""What reads as well: of single entries, cases, proposals and documents, which one has to name, and files.
`test_embargo` has a test for each that can tell of a case."""

_SEALED = (
    "entries",
    "state",
    "compartments",
    "epochs",
    "epoch_wraps",
    "wrap_sets",
    "cases",
    "items",
    "concerns",
    "findings",
    "readers_ended",
)
"""Tables of the register in which members may differ who don't read alike."""


class Company:
    """Five machines on one store."""

    def __init__(self, mia: Machine) -> None:
        self.of = {"mia": mia, **{name: mia.of(name) for name in ("nora", "ben", "dora", "kim")}}

    @property
    def mia(self) -> Machine:
        return self.of["mia"]

    def id(self, handle: str) -> str:
        return str(self.mia.ask("SELECT id FROM people WHERE handle = ?", handle)[0][0])

    def key(self, handle: str) -> str:
        return self.of[handle].keys().id.hex()

    def open(self, *more: str, by: str = "mia", of: str = "ben") -> dict[str, Any]:
        told: dict[str, Any] = self.of[by].json("offboard", "open", of, "--embargo", *more)
        return told

    def tells(self, member: str) -> dict[str, Any]:
        """Everything that a member's machine says, but for how many sealed entries there are."""
        machine, told = self.of[member], {}
        files = {"staff": self.staff(), "policy": ROOT / "policies" / "default.yaml", "calendar": self.mia.folder / "asked.ics"}
        files["sheet"] = self.mia.folder / "asked.html"
        files["calendar"].unlink(missing_ok=True)
        for command in READING:
            for more in ((), ("--json",)):
                files["sheet"].unlink(missing_ok=True)
                done = machine.run(*command.format(**files).split(), *more)
                assert done.code != 2, done.err
                if files["sheet"].exists():
                    told[" ".join(("the sheet", *more))] = re.sub(r"\d\d:\d\d UTC", "", files["sheet"].read_text())
                assert "Traceback" not in done.err
                told[" ".join((command, *more))] = (done.code, *_plain(done.out, bool(more)), _counts(done.err))
        told["the calendar"] = re.sub(rb"(?m)^(DTSTAMP|LAST-MODIFIED|SEQUENCE)[^\r]*", b"", files["calendar"].read_bytes())
        return told

    def staff(self) -> Path:
        file = self.mia.folder / "staff.csv"
        names = ("Mia,Holm,", "Nora,Lie,", "Dora,Lund,", "Kim,Ek,", "Ben,Bos,2026-01-31")
        file.write_text("\n".join(["First name,Last name,Last working day", *names]) + "\n")
        return file

    def base(self, member: str) -> list[Any]:
        """The part of a member's register that stands for `base`."""
        return [row for row in self.of[member].register() if row[0] not in _SEALED]

    def clock(self, member: str) -> Any:
        return self.of[member].ask("SELECT value FROM state WHERE key = 'clock'")

    def cut(self, case: str, by: str = "mia") -> dict[str, Any]:
        told: dict[str, Any] = self.of[by].json("offboard", "cut", case)
        return told


def _plain(out: str, as_json: bool) -> tuple[Any, ...]:
    if as_json:
        return (_without(json.loads(out)),)
    return ([_counts(line) for line in out.splitlines() if not re.match(r"\s*\d+\s+sealed\b", line)],)


def _counts(line: str) -> str:
    """A line without numbers of entries, the root and the checkpoint over them, and the time of day, which a dry run tells."""
    line = re.sub(r"T\d\d:\d\d:\d\dZ", "T…", line)
    line = re.sub(r"\b\d+ entries\b", "N entries", line)
    line = re.sub(r"ends at \d+", "ends at N", line)
    return re.sub(r"\broot [0-9a-f]{64}\b", "root R", line)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        counted = ("size", "root") if "entries" not in value or isinstance(value["entries"], list) else ("size", "root", "entries")
        return {key: _without(one) for key, one in value.items() if key not in (*counted, "checkpoint")}
    if isinstance(value, list):
        return [_without(one) for one in value if not (isinstance(one, dict) and one.get("type") == "sealed")]
    return _counts(value) if isinstance(value, str) else value


def build(folder: Path) -> Company:
    mia = found(folder)
    for name, handle, role in (
        ("Nora Lie", "nora", "hr"),
        ("Ben Bos", "ben", "admin"),
        ("Dora Lund", "dora", "admin"),
        ("Kim Ek", "kim", ""),
    ):
        mia.ok("person", "add", name, "--handle", handle)
        person = mia.ask("SELECT id FROM people WHERE handle = ?", handle)[0][0]
        enrol(mia, handle, person, reads=("base", "case") if role else ("base",))
        if role:
            mia.ok("person", "role", handle, role)
    mia.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    mia.ok("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)
    mia.ok("grant", "shop", "ben")
    company = Company(mia)
    for machine in company.of.values():
        machine.ok("ledger", "verify", "--deep")
    return company


def types(company: Company, member: str) -> list[str]:
    return [row[0] for row in company.of[member].ask("SELECT type FROM entries ORDER BY idx")]


def wrapped_to(company: Company, case: str) -> set[str]:
    """Keys with a wrap of the case's newest epoch, as whoever owns the database sees it."""
    with company.mia.database() as db:
        epoch = db.execute("SELECT epoch FROM entry WHERE compartment = ? ORDER BY idx DESC", (bytes.fromhex(case),)).fetchone()[0]
        return {row[0].hex() for row in db.execute("SELECT recipient FROM wrap WHERE target = ?", (epoch,))}


def recovery(company: Company) -> str:
    return str(company.mia.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0])


def previous(company: Company, case: str) -> set[str]:
    """The epoch before, whose key is sealed under the newest as a wrap row."""
    rows = company.mia.ask("SELECT previous FROM epochs WHERE compartment = ? AND previous IS NOT NULL", case)
    return {row[0] for row in rows}
