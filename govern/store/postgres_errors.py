"""What PostgreSQL and libpq say, in errors of our own. Never the server's DETAIL, which quotes rows."""

from __future__ import annotations

from typing import Final

import psycopg

from govern.errors import Failed, GovernError, IntegrityError, NotFound, Usage
from govern.store.address import PGPASS_HINT

_AGAIN: Final = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05", "25P03", "53300"}
"""Serialization failure, deadlock, lock not to be had, server stopping or starting, a session that was idle too long for it, too many
connections."""
_PASSING: Final = ("Connection refused", "starting up", "shutting down", "closed the connection", "Connection reset", "too many")
_LOGIN: Final = ("password", "authentication", "pg_hba", "certificate", "SSL", "TLS")


def passes(error: BaseException | None) -> bool:
    """Whether the same may succeed in a moment, where nothing was shown or written yet."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError) and any(word in str(error) for word in _PASSING)
    return error.sqlstate in _AGAIN or error.sqlstate.startswith("08")


def waited(error: BaseException | None) -> bool:
    """Whether somebody else held the lock all the time."""
    return isinstance(error, psycopg.errors.LockNotAvailable)


def needs_password(error: psycopg.OperationalError) -> bool:
    """Whether the server asked for a password and libpq found none."""
    return bool(error.pgconn is not None and error.pgconn.needs_password) or "no password supplied" in str(error)


def from_postgres(error: BaseException | None, where: str) -> GovernError:
    """The error of our own tree for what the driver raised about the database `where`."""
    if not isinstance(error, psycopg.Error):
        return Failed(f"{where}: the database refused ({type(error).__name__})", code="database")
    state = error.sqlstate
    if state is None:
        return _without_state(error, where)
    match state:
        case "40001" | "40P01" | "55P03" | "57014":
            return Failed(f"{where} is in use by others", code="busy", hint="try again in a moment")
        case "23505":
            return Failed(f"{where} was written by somebody else at the same moment", code="race", hint="run the command again")
        case "53100":
            return Failed(f"the disk of {where} is full", code="disk-full", hint="make room and run the command again; nothing was lost")
        case "25006":
            return Failed(f"{where} can't be written", code="read-only", hint="connect to the primary, not to a standby")
        case "42501":
            return Failed(
                f"this login may not do that in {where}", code="privilege", hint="docs/security/postgresql.md says what each login needs"
            )
        case "3D000":
            return NotFound(f"there is no database at {where}", hint="its administrator makes one: CREATE DATABASE …")
        case "3F000" | "42P01" | "42703" | "42883" | "42804" | "42809":
            return IntegrityError(f"{where} is damaged or no vault ({state})", code="damaged", hint="restore it: govern vault restore")
    if state.startswith(("XX", "22")):
        return IntegrityError(f"{where} is damaged ({state})", code="damaged", hint="restore it: govern vault restore")
    if state.startswith(("08", "57P")) or state == "25P03":
        return _lost(where)
    if state.startswith("28"):
        return Failed(f"{where} refused the login", code="login", hint=PGPASS_HINT)
    if state.startswith("53"):
        return Failed(f"{where} has no room for another connection", code="busy", hint="try again in a moment")
    return Failed(f"{where}: the database refused ({state})", code="database")


def _without_state(error: psycopg.Error, where: str) -> GovernError:
    said = " ".join(str(error).split())[:300]
    if isinstance(error, psycopg.ProgrammingError):
        return Usage(f"the address of the vault has an option that libpq does not know ({said})", hint="see the page of libpq's parameters")
    if not isinstance(error, psycopg.OperationalError):
        return IntegrityError(f"{where}: a column of a row is not of its type", code="damaged", hint="restore it: govern vault restore")
    if needs_password(error) or "password authentication failed" in said:
        return Failed(f"{where} wants a password, and none that it takes was found", code="login", hint=PGPASS_HINT)
    if 'database "' in said and "does not exist" in said:
        return NotFound(f"there is no database at {where}", hint="its administrator makes one: CREATE DATABASE …")
    if any(word in said for word in _LOGIN):
        return Failed(
            f"{where} can't be reached safely ({said})", code="login",
            hint="sslrootcert=FILE names the CA's certificate, sslrootcert=system those of this machine",
        )  # fmt: skip
    if "connection failed" in said or "could not" in said or "timeout" in said or "resolve" in said:
        return Failed(f"{where} can't be reached ({said})", code="connection", hint="check host, port and network, then run it again")
    return _lost(where)


def _lost(where: str) -> Failed:
    return Failed(f"the connection to {where} was lost", code="connection", hint="run the command again")
