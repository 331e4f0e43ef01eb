"""`govern credential`: the secrets of an account, sealed here or kept in a place outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import reaches, render, reseal, settings, ways_in

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.accounts import Account

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def rows(db: sqlite3.Connection, account: Account) -> list[dict[str, Any]]:
    """The credentials of an account by JSON key; `due` is a day, or None."""
    from govern.register.queries.backup_codes import left
    from govern.register.queries.credentials import of_account
    from govern.register.queries.policies import policy
    from govern.rotation.schedule import due_on

    rules = policy(db)
    return [
        {
            "id": one.id, "kind": one.kind, "version": one.version, "state": one.state, "kept_in": one.kept_in or None,
            "changed_at": one.changed_at or one.current_at or None,
            "due": due_on(
                rules, account.tier, one.kind, one.since, imported=one.current_at if one.others_unknown else "", credential=one.id
            ),
            "claimed": bool(one.changed_at), "origin": one.origin, "weak": one.weak, "others_unknown": one.others_unknown,
            "candidate": one.candidate or None, "codes_left": left(db, one.id, one.version) if one.kind == "backup-codes" else None,
        }
        for one in of_account(db, account.id)
    ]  # fmt: skip


def reminded(db: sqlite3.Connection, account: Account, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, each with the time (UTC) of the next reminder to change it, or None."""
    from govern.notices.due import of_credentials
    from govern.register.queries.policies import policy

    times = of_credentials(db, policy(db), settings.now(), account, {one["id"]: one["due"] or "" for one in found})
    return [{**one, "next_reminder": times.get(one["id"])} for one in found]


def table(found: Sequence[dict[str, Any]], handle: str) -> None:
    """The same as columns; of several of one kind with the id that tells them apart."""
    kinds, told = [one["kind"] for one in found], any(one.get("next_reminder") for one in found)
    render.table(
        ("credential", "version", "state", "kept in", "unchanged since", "due", *(["reminder"] if told else [])),
        [
            (
                one["kind"] + (f" {one['id'][:8]}" if kinds.count(one["kind"]) > 1 else ""), one["version"] or "",
                one["state"] + (f", {one['candidate']} staged" if one["candidate"] else "")
                + (f", {one['codes_left']} left" if one["codes_left"] is not None else ""),
                one["kept_in"] or "this vault", render.day(one["changed_at"]) + (" (claimed)" if one["claimed"] else ""), one["due"] or "",
                *([render.day(one["next_reminder"])] if told else []),
            )
            for one in found
        ],
        empty=f"no credential yet: govern credential add {handle} --kind password",
    )  # fmt: skip


@app.command("add")
def add(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    kind: Annotated[
        str, typer.Option(help="password, totp, backup-codes, api-token, app-password, passkey, recovery-email, recovery-phone.")
    ],
    kept_in: Annotated[str, typer.Option(metavar="PLACE", help="No secret: it stays in this place (govern place add).")] = "",
    changed_at: Annotated[str, typer.Option(metavar="DATE", help="When it was last changed on the platform, if you know.")] = "",
    json: Json = False,
) -> None:
    """Add a secret, typed or piped in; or say in which place it is kept."""
    from govern.cli.prompt import secret
    from govern.holdings.credentials import check_kind
    from govern.holdings.dates import past_day
    from govern.procedures import credentials as procedure
    from govern.register.queries import accounts, places

    now = settings.now()
    check_kind(kind)
    if changed_at:
        past_day(changed_at, "--changed-at", now)
    claimed = f"{changed_at}T00:00:00Z" if changed_at else None
    workspace = settings.workspace()
    accounts.find(workspace.view(), account)
    question = "Seed (base32 or otpauth://…)" if kind == "totp" else f"The {kind}"
    typed = None if kept_in else secret(question, terminal=settings.current.terminal)
    with workspace.transaction(now) as tx:
        found = accounts.find(tx.register, account)
        if typed is None:
            added = procedure.add_kept(tx, found, kind, places.find(tx.register, kept_in).id, changed_at=claimed)
        else:
            added = procedure.add_sealed(tx, found, kind, typed, changed_at=claimed)
        listed = [row for row in rows(tx.register, found) if row["kind"] == kind]
    if json:
        render.emit(
            "credential", {"account": found.handle, "credentials": listed, "holder": added.holder, "hand_over": list(added.waiting)}
        )
    else:
        table(listed, found.handle)
    if added.weak and kind == "password":
        render.note("note: this password is easy to guess; govern makes a better one")
        render.next_step(f"govern rotate {found.handle}", "a generated one takes its place")
    elif added.weak:
        render.note("note: this seed has fewer than 128 bits; the platform chose it, and a new one from there may be stronger")
    for person in added.waiting:
        render.next_step(f"govern handover {found.handle} {render.safe(person)} --kind {kind}")
    if kept_in:
        render.note(f"its secret stays in {render.safe(kept_in)}: nothing was read from stdin, and nothing is sealed here")
    if kind in ("recovery-email", "recovery-phone"):
        render.next_step(f"govern credential reaches {found.handle} --kind {kind} --company", "or --personal --person PERSON: whose it is")
    render.next_step(f"govern known {found.handle} PERSON", "whoever knows it already")


@app.command("list")
def list_(account: Annotated[str, typer.Argument(metavar="ACCOUNT")], json: Json = False) -> None:
    """The credentials of an account: version, where each is kept, and when it is due for a change."""
    from govern.register.queries import accounts

    db = settings.workspace().view()
    found = accounts.find(db, account)
    listed = reminded(db, found, rows(db, found))
    if json:
        render.emit("credential", {"account": found.handle, "credentials": listed})
        return
    table(listed, found.handle)


@app.command("use-code")
def use_code(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    recipient: Annotated[str, typer.Option("--for", metavar="PERSON", help="The holder who asked for it.")] = "",
    credential: Annotated[str, typer.Option(metavar="ID", help="Which of several sets: its id, or how it begins.")] = "",
    stdout: Annotated[bool, typer.Option("--stdout", help="The code alone, without a line break, on stdout.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Into the clipboard, for 45 seconds.")] = False,
    json: Json = False,
) -> None:
    """Show one unused backup code, after it was recorded as spent."""
    from govern.cli.showing import Way, choose, show
    from govern.procedures.spending import spend
    from govern.rotation.kinds import FEW_CODES

    way = choose(stdout=stdout, copy=copy)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        spent = spend(tx, account, reason, recipient, credential=credential)
    about = {
        "account": spent.account, "version": spent.version, "ordinal": spent.ordinal, "left": spent.left, "for": spent.recipient or None,
    }  # fmt: skip
    if json and way is Way.STDOUT:
        render.emit("credential", {**about, "code": spent.code.reveal()})
    else:
        show(way, spent.code)
        if json:
            render.emit("credential", {**about, "copied": True})
    whom = f", for {render.safe(spent.recipient)}" if spent.recipient else ""
    render.note(f"recorded as spent: code {spent.ordinal} of {spent.account}{whom}; {render.count(spent.left, 'code')} left")
    if spent.left <= FEW_CODES:
        render.next_step(f"govern rotate {spent.account} --kind backup-codes", "get new ones there while you are logged in")


reaches.register(app)
reseal.register(app)
ways_in.register(app)
