"""`govern account describe` and `govern account check`: what accounts are for, how they are protected, and what of it is not in order."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage
from govern.holdings.near import near_matches
from govern.vocabulary import FACTORS, REGISTERED

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Selector = Annotated[str, typer.Argument(metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…")]
Among = Annotated[str, typer.Argument(metavar="[SELECTOR]", help="Only these: an account, platform:…, department:…, client:…, tag:…")]


_MEANT = {
    "off": "none",
    "no": "none",
    "app": "totp",
    "authenticator": "totp",
    "text": "sms",
    "key": "security-key",
    "own": "personal",
    "work": "company",
}
"""What people type for one of our words."""


def one_of(value: str, option: str, words: tuple[str, ...]) -> str:
    """One of these words, or nothing; Usage with the one that was meant."""
    if value and value not in words:
        typed = value.casefold()
        near = [one for one in (_MEANT.get(typed), *near_matches(typed, words, n=1)) if one in words]
        raise Usage(
            f"{option}: {value[:40]!r} is none of {', '.join(words)}",
            hint=f"such as {option} {near[0]}" if near else "govern account describe --help",
        )
    return value


def describe(
    selector: Selector,
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")] = "",
    second_factor: Annotated[str, typer.Option("--second-factor", metavar="|".join(FACTORS), help="Which one it has there.")] = "",
    mail: Annotated[str, typer.Option(metavar="|".join(REGISTERED), help="Whose mail address is registered there.")] = "",
    phone: Annotated[str, typer.Option(metavar="|".join(REGISTERED), help="Whose phone is registered there.")] = "",
    business: Annotated[
        bool | None, typer.Option("--business/--no-business", help="Whether the platform's business feature is used.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what an account is for and how it is protected; no second factor takes an exception first."""
    from govern.procedures import describing
    from govern.register.queries import in_order

    wanted = in_order.Description(
        business=business, purpose=purpose.strip(), second_factor=one_of(second_factor, "--second-factor", FACTORS),
        mail=one_of(mail, "--mail", REGISTERED), phone=one_of(phone, "--phone", REGISTERED),
    )  # fmt: skip
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        done = describing.describe(tx, selector, wanted)
        rows = [
            {"handle": one.handle, "changed": list(changed), **in_order.description(tx.register, one.id)._asdict()} for one, changed in done
        ]
    if json:
        render.emit("account", {"accounts": [{name: value if value != "" else None for name, value in row.items()} for row in rows]})
        return
    for one, changed in done:
        render.line(f"{one.handle}: {', '.join(changed).replace('_', '-') or 'nothing'} changed")
    render.next_step(f"govern account check {selector}", "what is not in order yet")


def check(selector: Among = "", json: Json = False) -> None:
    """What is not in order, by the eight points of CISA's guide for social media accounts."""
    from govern.register.queries import accounts, in_order
    from govern.register.queries.policies import policy

    db = settings.workspace().view()
    chosen = [one for one in (accounts.select(db, selector) if selector else accounts.every(db)) if one.state == "active"]
    found = in_order.off(db, policy(db), chosen, settings.now()[:10])
    if json:
        points = [
            {
                "point": point, "name": name, "not_known": in_order.UNKNOWN.get(point),
                "off": [{"account": one.account, "code": one.code, "told": one.told, "command": one.command} for one in found if one.point == point],
            }
            for point, name in in_order.POINTS.items()
        ]  # fmt: skip
        render.emit("account", {"accounts": len(chosen), "points": points})
        return
    render.table(
        ("point", "account", "not in order"), [(f"{one.point} {in_order.POINTS[one.point]}", one.account, one.told) for one in found],
        empty="all in order, as far as govern knows",
    )  # fmt: skip
    for point, told in in_order.UNKNOWN.items():
        render.note(f"point {point}: {told}")
    for command in list(dict.fromkeys(one.command for one in found))[:3]:
        render.next_step(command)
