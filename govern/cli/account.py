"""`govern account`: the company's accounts on platforms, and who answers for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import account_order, render, settings

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.account_list import Listed
    from govern.register.queries.cases import Case, Entry

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
app.command("describe")(account_order.describe)
app.command("check")(account_order.check)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would touch, and record nothing.")]
Handle = Annotated[str, typer.Argument(metavar="ACCOUNT", help="What the account is called in commands.")]
Selector = Annotated[str, typer.Argument(metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…")]
Url = Annotated[str, typer.Option(help="Its address, or that of its login page.")]
Title = Annotated[str, typer.Option(help="A name for people.")]
Tier = Annotated[str, typer.Option(metavar="critical|standard|low", help="How much hangs on it.")]
Deputy = Annotated[str, typer.Option(metavar="PERSON", help="Who answers for it when the responsible person is away.")]
Department = Annotated[str, typer.Option()]
Client = Annotated[str, typer.Option(help="For agencies: whose account it is.")]
DependsOn = Annotated[list[str] | None, typer.Option(metavar="ACCOUNT", help="A mailbox, phone or domain it is recovered by; repeatable.")]
Prompts = Annotated[str, typer.Option(metavar="PERSON", help="Whose phone or mailbox gets its codes.")]


def _row(one: Listed) -> dict[str, Any]:
    return {
        "handle": one.handle, "platform": one.platform, "login": one.login, "tier": one.tier, "custodian": one.custodian,
        "holders": one.holders, "exposed": one.exposed, "department": one.department, "client": one.client, "state": one.state,
    }  # fmt: skip


def _rows(db: sqlite3.Connection, done: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What became of each account (by handle), beside what `account list` tells of it."""
    from govern.register.queries.account_list import listed

    return [{**_row(next(listed(db, handle))), **more} for handle, more in done]


def _show(rows: Iterable[Listed], *, json: bool) -> None:
    if json:
        render.emit_rows("account", "accounts", map(_row, rows))
        return
    render.table(
        ("account", "platform", "login", "tier", "responsible", "hold", "know"),
        (
            (one.handle if one.state == "active" else f"{one.handle} (retired)", one.platform, one.login, one.tier, one.custodian,
             one.holders, one.exposed)
            for one in rows
        ),
        empty="no account yet: govern import FILE, or govern account add",
    )  # fmt: skip


@app.command("add")
def add(
    handle: Handle,
    platform: Annotated[str, typer.Option(help="instagram, x, linkedin, …; recognised from --url where it is missing.")] = "",
    login: Annotated[str, typer.Option(help="Name or mail address it logs in with.")] = "",
    url: Url = "",
    title: Title = "",
    custodian: Annotated[str, typer.Option(metavar="PERSON", help="Who answers for it; you, where it is missing.")] = "",
    deputy: Deputy = "",
    tier: Tier = "standard",
    department: Department = "",
    client: Client = "",
    tag: Annotated[list[str] | None, typer.Option(help="A word to select it by; repeatable.")] = None,
    depends_on: DependsOn = None,
    prompts_reach: Prompts = "",
    json: Json = False,
) -> None:
    """Add an account; its secrets come with govern credential add."""
    from govern.policy.platforms import recognise
    from govern.procedures import accounts as procedure
    from govern.register.queries import account_list

    asked = procedure.Asked(
        platform=settings.need(platform or (recognise(url) if url else ""), "--platform", "Platform"),
        login=settings.need(login, "--login", "Login"),
        url=url, title=title, tier=tier, deputy=deputy, department=department, client=client, tags=tuple(tag or ()),
        depends_on=tuple(depends_on or ()), prompts_reach=prompts_reach,
    )  # fmt: skip
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        account = procedure.add(tx, handle.casefold(), asked, custodian=custodian)
        rows = list(account_list.listed(tx.register, account.handle))
        notes = procedure.notes(tx.register, account)
    _show(rows, json=json)
    for text in notes:
        render.note(f"note: {render.safe(text)}")
    render.next_step(f"govern credential add {account.handle} --kind password", "its secret, or --kept-in PLACE")


@app.command("list")
def list_(
    selector: Annotated[str, typer.Argument(metavar="[SELECTOR]", help="Only these: platform:…, department:…, client:…, tag:…")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Retired ones too.")] = False,
    json: Json = False,
) -> None:
    """All accounts, with how many people hold and could know each."""
    from govern.register.queries.account_list import listed

    _show(listed(settings.workspace().view(), selector, retired=everything), json=json)


@app.command("show")
def show(account: Handle, json: Json = False) -> None:
    """One account: its credentials, who holds it, what it depends on and what depends on it."""
    from govern.cli.account_show import tell, values

    db = settings.workspace().view()
    if json:
        render.emit("account", {"accounts": [values(db, account)]})
        return
    tell(db, account)


@app.command("edit")
def edit(
    selector: Selector,
    platform: Annotated[str, typer.Option()] = "",
    login: Annotated[str, typer.Option()] = "",
    url: Url = "",
    title: Title = "",
    tier: Tier = "",
    deputy: Deputy = "",
    department: Department = "",
    client: Client = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag more; repeatable.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="A tag less; repeatable.")] = None,
    depends_on: DependsOn = None,
    prompts_reach: Prompts = "",
    clear: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Take away deputy, department, client, tags, …; repeatable.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Change what is said of an account, or of several at once."""
    from govern.cli.beside import items, tell_items
    from govern.errors import Usage
    from govern.procedures import accounts as procedure
    from govern.procedures.ending_items import after_answering
    from govern.register.queries.accounts import select
    from govern.register.queries.people import handles

    asked = procedure.Asked(
        platform=platform, login=login, url=url, title=title, tier=tier, deputy=deputy, department=department, client=client,
        tags=tuple(tag or ()), depends_on=tuple(depends_on or ()), prompts_reach=prompts_reach,
    )  # fmt: skip
    cleared, untagged = tuple(clear or ()), tuple(untag or ())
    if asked == procedure.Asked() and not cleared and not untagged:
        raise Usage("what to change is missing", hint="for example --tier critical, or --clear deputy")
    workspace = settings.workspace()
    ended: Sequence[tuple[Case, Entry]] = ()
    if dry_run:
        done = procedure.plan_edit(workspace.view(), selector, asked, settings.now()[:10], cleared=cleared, untagged=untagged)
    else:
        with workspace.transaction(settings.now()) as tx:
            before = select(tx.register, selector)
            done = procedure.edit(tx, selector, asked, cleared=cleared, untagged=untagged)
            ended = after_answering(tx, before)
    if json:
        rows = _rows(workspace.view(), ((one.account.handle, {"changed": list(one.fields), "sealed": one.sealed}) for one in done))
        render.emit("account", {"accounts": rows, "items": items(ended), "dry_run": dry_run})
        return
    for one in done:
        what = ", ".join(field.replace("_", "-") for field in one.fields) or "nothing"
        render.line(f"{one.account.handle}: {'would change' if dry_run else 'changed'} {what}")
        if not one.sealed:
            render.note(f"{one.account.handle} is not sealed to {render.safe(deputy)} yet: you can't open all of it yourself")
            render.next_step(f"govern grant {one.account.handle} {render.safe(deputy)}", "by somebody who can open it: govern who")
    tell_items(ended, handles(workspace.view()))


@app.command("retire")
def retire(
    selector: Selector,
    returned: Annotated[
        bool, typer.Option("--returned", help="It was handed back: whoever answers for it opens it no more either.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take an account out of use: the grants on it end. What people know they still know, so close it on its platform too."""
    from govern.procedures import retire as procedure

    workspace = settings.workspace()
    if dry_run:
        done = procedure.plan(workspace.view(), selector, returned=returned)
    else:
        with workspace.transaction(settings.now()) as tx:
            done = procedure.retire(tx, selector, returned=returned)
    if json:
        rows = _rows(
            workspace.view(), ((one.account.handle, {"ended": list(one.holders), "needed_by": list(one.needed_by)}) for one in done)
        )
        render.emit("account", {"accounts": rows, "dry_run": dry_run})
        return
    for one in done:
        ends = (
            f": the grants of {', '.join(map(render.safe, one.holders))} {'would end' if dry_run else 'have ended'}" if one.holders else ""
        )
        render.line(f"{'would retire' if dry_run else 'retired'} {one.account.handle}{ends}")
        if one.needed_by:
            render.note(f"{one.account.handle} is still needed by {', '.join(one.needed_by)}")


@app.command("erase")
def erase(
    selector: Selector,
    reason: Annotated[str, typer.Option(help="Told to whoever approves it; erased with the rest.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Propose to forget accounts that were handed back, secrets included. A second person approves it; that there were such accounts stays."""
    from govern.cli.proposed import tell_proposed
    from govern.procedures import erase_accounts as procedure

    workspace, now = settings.workspace(), settings.now()
    if dry_run:
        found = procedure.plan(workspace.view(), selector)
        what = {"entries": len(found.entries), "versions": len(found.versions), "wraps": len(found.wraps)}
        if json:
            render.emit("account", {"accounts": [one.handle for one in found.accounts], "erases": what, "dry_run": True})
            return
        for one in found.accounts:
            render.line(f"would erase {one.handle}")
        render.line(", ".join(f"{number} {name}" for name, number in what.items()))
        render.next_step(f"govern account erase {selector}", "a second person approves it")
        return
    with workspace.transaction(now) as tx:
        proposal = procedure.propose(tx, selector, reason)
    tell_proposed(workspace.view(), proposal, now, json=json)


@app.command("custody")
def custody(
    selector: Selector,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The new responsible person.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make somebody else responsible for an account, and seal its secrets to them."""
    from govern.cli.beside import items, tell_items
    from govern.procedures import custody as procedure
    from govern.procedures.ending_items import after_answering
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    ended: Sequence[tuple[Case, Entry]] = ()
    if dry_run:
        db = workspace.view()
        who, chosen = procedure.plan(db, selector, person, settings.now())
        names = handles(db)
        done = [
            procedure.Handed(
                account=one.handle, before="" if one.custodian == who.id else names.get(one.custodian, ""), sealed=False, keyholder=who.keyholder
            )
            for one in chosen
        ]  # fmt: skip
    else:
        with workspace.transaction(settings.now()) as tx:
            who, before = procedure.plan(tx.register, selector, person, tx.now)
            done, ended = procedure.hand(tx, selector, person), after_answering(tx, before)
    if json:
        after = {"custodian": who.handle}  # of a dry run too
        rows = _rows(workspace.view(), ((one.account, {**after, "before": one.before or None, "sealed": one.sealed}) for one in done))
        render.emit("account", {"accounts": rows, "items": items(ended), "dry_run": dry_run})
        return
    name = render.safe(who.handle)
    for one in done:
        told = (
            f"{'would make' if dry_run else 'made'} {name} responsible, after {render.safe(one.before)}"
            if one.before
            else f"{name} is responsible already"
        )
        render.line(f"{one.account}: {told}")
    if dry_run:
        return
    tell_items(ended, handles(workspace.view()))
    if any(not one.sealed for one in done):
        waiting = next(one.account for one in done if not one.sealed)
        render.note(f"not all of it is sealed to {name} yet, since you can't open all of it yourself")
        render.next_step(f"govern account custody {waiting} {name}", "once more, by somebody who can open it: govern who")
    elif not who.keyholder:
        render.note(f"{name} has no keys, and opens nothing: what they need is handed over to them")
