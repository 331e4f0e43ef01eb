"""Giving everything back: every current version that this member can open, recorded as exported before any of it leaves the process.

Knows what is to be written, not where: the caller reserves the file before, and fills it only behind the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from govern.errors import Malformed, NotFound
from govern.holdings.importing import place
from govern.importers.bitwarden_out import ExportItem, write_bitwarden_json
from govern.policy.platforms import load_profiles
from govern.procedures.sealing import Stored, open_fields
from govern.register.queries import accounts, imports
from govern.register.queries.accounts import Account
from govern.vault import otp
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

PART: Final = 1000
"""Versions that one `secrets.exported` names at most."""

RETIRED: Final = "retired"
"""The folder of accounts that are no longer used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`content`: the file, in the clear; `accounts`: those in it, also where they have no secret at all; `not_opened`, `elsewhere`: (handle, kind) of
    what is not in it."""

    content: Secret
    accounts: tuple[str, ...]
    versions: int
    not_opened: tuple[tuple[str, str], ...]
    elsewhere: tuple[tuple[str, str], ...]


def export(workspace: Workspace, *, path: str, reason: str, now: str) -> Exported:
    """Record, open, commit, and hand back what to write. Raises Refused for who is no admin, NotFound where there is nothing to open.

    NIST SP 800-53 AC-3: giving out everything at once is an admin's act.
    """
    with workspace.transaction(now) as tx:
        rows = list(imports.currents(tx.register, workspace.keys.id.hex()))
        handles = {account.id: account for account in accounts.every(tx.register)}
        opens = [row for row in rows if row.manifest and row.opens]
        if not opens:
            raise NotFound("there is no secret that your key opens", hint="govern account list shows what there is")
        _record(tx, opens, path=path, reason=reason)
        concerned = {row.account for row in rows}
        bare = [account for account in handles.values() if account.id not in concerned]
        items = [*_items(tx, handles, opens), *(_item(account, ()) for account in bare)]
        content = Secret(write_bitwarden_json(items, random=workspace.random).decode())
    return Exported(
        content=content,
        accounts=tuple(dict.fromkeys([*(handles[row.account].handle for row in opens), *(account.handle for account in bare)])),
        versions=len(opens),
        not_opened=tuple((handles[row.account].handle, row.kind) for row in rows if row.manifest and not row.opens),
        elsewhere=tuple((handles[row.account].handle, row.kind) for row in rows if not row.manifest),
    )


def _record(tx: Transaction, opens: Sequence[imports.Sealed], *, path: str, reason: str) -> None:
    export_id, parts = tx.new_id(), range(0, len(opens), PART)
    for part, start in enumerate(parts, start=1):
        versions = [[row.credential, row.n] for row in opens[start : start + PART]]
        tx.record(
            "secrets.exported",
            {"export": export_id, "versions": versions, "part": part, "of": len(parts)},
            {"reason": reason, "path": path},
        )


def _items(tx: Transaction, known: dict[str, Account], opens: Sequence[imports.Sealed]) -> list[ExportItem]:
    by_account: dict[str, list[imports.Sealed]] = {}
    for row in opens:
        by_account.setdefault(row.account, []).append(row)
    return [_item(known[account], [(row.kind, _fields(tx, row)) for row in rows]) for account, rows in by_account.items()]


def _fields(tx: Transaction, row: imports.Sealed) -> dict[str, Any]:
    return open_fields(tx, Stored(row.account, row.credential, row.kind, row.n, bytes.fromhex(row.manifest)))


def _item(account: Account, found: Sequence[tuple[str, dict[str, Any]]]) -> ExportItem:
    """One account as a Bitwarden login; what has no field there, and a second secret of one kind, goes into the notes."""
    fields: dict[str, Secret] = {}
    notes: list[str] = []
    for kind, secret in found:
        value = _value(kind, secret)
        if kind in ("password", "totp") and kind not in fields:
            fields[kind] = value
        else:
            notes.append(f"{kind}: {value.reveal()}")
    return ExportItem(
        title=account.title or account.handle, username=account.login, password=fields.get("password"), totp=fields.get("totp"),
        urls=_urls(account), folder=RETIRED if account.state == "retired" else account.department, notes="\n".join(notes),
    )  # fmt: skip


def _value(kind: str, fields: dict[str, Any]) -> Secret:
    if kind == "totp":
        try:
            seed = otp.from_fields(fields)
        except Malformed:
            pass  # kept as it was found
        else:  # Bitwarden knows Steam's seeds by this address only
            return Secret(f"steam://{seed.secret.reveal()}") if seed.kind is otp.Kind.STEAM else otp.uri(seed)
    value = fields.get("secret")
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return Secret("\n".join(value))
    if not isinstance(value, str):
        raise Malformed(f"a sealed {kind} without a secret in it")
    return Secret(value)


def _urls(account: Account) -> tuple[str, ...]:
    """The account's address, and one of its platform where neither that nor the title would tell which it is."""
    urls = (account.url,) if account.url else ()
    known = load_profiles().get(account.platform)
    if known is None or not known.hosts or place(urls, account.title or account.handle).platform == account.platform:
        return urls
    return (*urls, f"https://{known.hosts[0]}/")
