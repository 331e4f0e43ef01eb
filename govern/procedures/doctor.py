"""A check of everything that must be in order before anything goes wrong: keys, pin, journal, store, recovery."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from govern.errors import Failed, GovernError
from govern.holdings.findings import Finding
from govern.holdings.services import why_not
from govern.procedures.status import lying_sheets
from govern.procedures.waiting import waiting
from govern.register.clock import Clock
from govern.register.connection import state
from govern.register.journal import Journal
from govern.register.pin import read_pin
from govern.register.queries import findings as queries
from govern.register.queries import keys, people, services
from govern.register.queries.policies import policy
from govern.register.workspace import Workspace
from govern.shell import quoted
from govern.store.address import Server
from govern.store.location import check_location
from govern.store.peek import real
from govern.vault.custody.choose import load_seed
from govern.vault.custody.record import read_record


def doctor(workspace: Workspace, today: str) -> list[Finding]:
    """Findings, `info` where something is merely told. An altered or rolled-back store raises IntegrityError, as everywhere."""
    found = [*_custody(workspace)]
    db = workspace.view()
    found += [
        *_readers(db),
        *_services(workspace, db),
        *_pin(workspace),
        *_journal(workspace, db),
        *_store(workspace),
        *doctor_recovery(workspace, db),
        *lying_sheets(workspace.home),
        *waiting(workspace, db, today),
    ]
    wanted = {
        "openers",
        "export-lying",
        "drill-due",
        "void-entry",
        "erasure-rest",
        "channel-failing",
        "channel-account-retired",
        "channel-setter",
        "channel-unopened",
    }
    found += came_back(workspace)
    found += [finding for finding in queries.findings(db, policy(db), today, workspace.person) if finding.code in wanted]
    return found


def came_back(workspace: Workspace) -> Iterator[Finding]:
    """Personal parts that were erased, and that a copy has brought back into the database: dropped again."""
    try:
        back = workspace.erase_again()
    except Failed as error:
        yield _told(
            "erased-back", str(workspace.path), f"what was erased is back, and can't be dropped from here: {error.message}", "critical"
        )
        return
    if back:
        yield _told(
            "erased-again", str(workspace.path), f"{back} personal parts that were erased had come back, and are dropped again", "warning"
        )


def _told(code: str, subject: str, message: str, severity: str = "info", command: str = "") -> Finding:
    return Finding(code=code, severity=severity, subject=subject, message=message, key=code, command=command)


def _custody(workspace: Workspace) -> Iterator[Finding]:
    record = read_record(workspace.home / "seed.json")
    try:
        yield _told("keys", workspace.keys.id.hex(), f"your keys open: {record.custody.value}, {record.where}")
    except GovernError as error:
        yield _told("keys", record.key.hex(), f"your keys do not open: {error.message}", "critical")
        return
    if isinstance(workspace.path, Path) and Path(record.where).parent == workspace.path.parent:
        yield _told("keys-beside-vault", record.where, "the key lies beside the database: whoever copies the folder has both", "warning")


def _readers(db: sqlite3.Connection) -> Iterator[Finding]:
    """Keys that have ended, by a revocation or with a role that ran out, and still open what is recorded."""
    names = {key.id: key.handle for key in keys.keys(db)}
    ended = sorted({names[key] for found in keys.stale(db, Clock.load(state(db, "clock")).now).values() for key in found})
    if ended:
        who = ", ".join(ended)
        yield _told("epoch-stale", who, f"keys of {who} have ended and still open what is recorded", "warning", "govern key renew")


def _services(workspace: Workspace, db: sqlite3.Connection) -> Iterator[Finding]:
    """Services that may do more than they need, or nothing any more and still read; and key files of theirs that lie open here."""
    now = Clock.load(state(db, "clock")).now
    names, again = people.handles(db), "govern key add-service {} --purpose PURPOSE --until DATE"
    for service in sorted({one.service for one in services.every(db, now)}, key=lambda id_: names[id_]):
        if not keys.active(db, service):
            continue
        who, found = names[service], services.of(db, service, now)
        standing = [one for one in found if why_not(one, now) is None]
        if not standing:
            said = f"the service {who} may do nothing any more and still reads: {getattr(why_not(found[0], now), 'message', '')}"
            yield _told("service-ended", who, said, "warning", f"govern key withdraw-service {quoted(who)}")
        purposes = sorted({purpose for one in standing for purpose in one.purposes})
        if len(purposes) > 1:
            said = f"the service {who} has {len(purposes)} purposes, and whoever has its key all of them: {', '.join(purposes)}"
            yield _told("service-wide", who, said, "warning", f"govern key withdraw-service {quoted(who)}")
        if any(not one.until for one in standing):
            yield _told("service-endless", who, f"the authority of the service {who} has no end", "warning", again.format(quoted(who)))
    for record in sorted((workspace.home / "services").glob("*/seed.json")):
        try:
            load_seed(read_record(record))
        except GovernError as error:
            yield _told("service-key", record.parent.name, f"the key of this service does not open: {error.message}", "warning")


def _pin(workspace: Workspace) -> Iterator[Finding]:
    pin = read_pin(workspace.pin_path)
    if pin is None:
        yield _told("pin", str(workspace.pin_path), "this machine has no pin: a rolled-back vault could not be told", "critical")
    else:
        yield _told("pin", str(workspace.pin_path), f"{pin.size} entries verified on this machine")


def _journal(workspace: Workspace, db: sqlite3.Connection) -> Iterator[Finding]:
    journal = Journal(workspace.home)
    recorded = (state(db, "journal_end") or 0, state(db, "side_end") or 0)
    last = 0
    for written in journal.read():
        last = written.size
    pin = read_pin(workspace.pin_path)
    size = pin.size if pin else 0
    if last < size:
        yield _told(
            "journal", str(journal.path), f"the journal ends at {last} of {size} entries: a damaged vault could not be refilled", "critical"
        )
    elif journal.ends() != recorded:
        yield _told("journal-tail", str(journal.path), "a transaction was interrupted; the next command that writes finishes or drops it")
    else:
        yield _told("journal", str(journal.path), f"{last} entries can be put back from this machine")


def _store(workspace: Workspace) -> Iterator[Finding]:
    try:
        check_location(workspace.path)
    except GovernError as error:
        yield _told("location", str(workspace.path), error.message, "critical")
    if isinstance(workspace.path, Path):
        yield from _file(workspace.path)
    else:
        yield from _server(workspace, workspace.path)
    for name, wanted, found in workspace.store.settings():
        if found != wanted:
            yield _told("store-setting", name, f"{name} is {found}, not {wanted}", "critical")
    yield _told("store", str(workspace.path), "settings and schema are as they must be")


def _file(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & 0o077:
        yield _told("store-mode", str(path), "others on this machine can read the database", "warning", f"chmod 600 {quoted(path)}")
    for folder in sorted({path.absolute().parent, real(path).parent}):
        if folder.stat().st_mode & 0o002:  # the sticky bit keeps others from removing files, not from adding some
            said = "everybody on this machine can put files beside the database, which SQLite may take for its own"
            yield _told("store-folder", str(folder), said, "warning", f"chmod o-w {quoted(folder)}")


def _server(workspace: Workspace, server: Server) -> Iterator[Finding]:
    mode = server.options.get("sslmode", "verify-full")
    if not server.is_local and mode != "verify-full":
        yield _told("store-tls", str(server), f"sslmode={mode} does not check that the server is the one that is named", "warning")
    if workspace.store.may_change_entries():
        yield _told(
            "store-privilege", str(server), "this login may change and remove entries; a member's needs not: docs/security/postgresql.md"
        )


def doctor_recovery(workspace: Workspace, db: sqlite3.Connection) -> Iterator[Finding]:
    """Live secrets and newest epochs that the recovery key in force can't open."""
    recovery = db.execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()[0]
    rows = db.execute(
        "SELECT a.handle, c.kind, v.n, v.manifest FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account"
        " WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL ORDER BY a.handle"
    ).fetchall()
    missing = 0
    with workspace.store.reading() as reading:
        for account, kind, n, manifest in rows:
            if reading.wrap(bytes.fromhex(manifest), bytes.fromhex(recovery)) is None:
                missing += 1
                if missing <= 20:
                    yield _told(
                        "recovery-wrap", account, f"recovery can't open version {n} of its {kind}", "critical", "govern recovery rewrap"
                    )
    epochs = len(
        db.execute(
            "SELECT id, max(number) FROM epochs GROUP BY compartment HAVING id NOT IN (SELECT epoch FROM epoch_wraps WHERE key = ?)",
            (recovery,),
        ).fetchall()
    )
    if epochs:
        yield _told("recovery-epoch", recovery, f"recovery can't read {epochs} of the newest epochs", "critical", "govern recovery rewrap")
    if not missing:
        yield _told("recovery", recovery, f"recovery has a wrap of every live secret ({len(rows)})")
