"""One account as `govern account show` tells it: on screen and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.cli import render

if TYPE_CHECKING:
    import sqlite3


def values(db: sqlite3.Connection, handle: str) -> dict[str, Any]:
    """Everything about the account, by JSON key."""
    from govern.cli.beside_show import of_account
    from govern.cli.credential import reminded, rows
    from govern.register.queries import account_list, accounts, holdings
    from govern.register.queries.people import handles

    found = accounts.find(db, handle)
    counted = next(account_list.listed(db, found.handle))
    around = account_list.around(db, found.id)
    names = handles(db)
    return {
        "handle": found.handle, "platform": found.platform, "login": found.login, "tier": found.tier,
        "custodian": names.get(found.custodian, found.custodian), "holders": counted.holders, "exposed": counted.exposed,
        "deputy": names.get(found.deputy) if found.deputy else None, "department": found.department, "client": found.client,
        "url": found.url, "title": found.title, "state": found.state, "tags": list(around.tags), "depends_on": list(around.depends_on),
        "needed_by": list(around.needed_by), "places": list(around.places),
        "prompts_reach": names.get(found.prompts_reach) if found.prompts_reach else None,
        "credentials": reminded(db, found, rows(db, found)),
        "held_by": [
            {"person": names.get(grant.person, grant.person), "since": grant.since, "until": grant.until or None, "keyholder": grant.keyholder}
            for grant in holdings.of_accounts(db, [found.id])
        ],
        **of_account(db, found.id, names),
    }  # fmt: skip


def tell(db: sqlite3.Connection, handle: str) -> None:
    """The same for people."""
    found = values(db, handle)
    lines = (
        ("account", found["handle"] + (" (retired)" if found["state"] != "active" else "")), ("platform", found["platform"]),
        ("login", found["login"]), ("title", found["title"]), ("url", found["url"]), ("tier", found["tier"]),
        ("responsible", found["custodian"]), ("deputy", found["deputy"]), ("department", found["department"]), ("client", found["client"]),
        ("tags", ", ".join(found["tags"])), ("depends on", ", ".join(found["depends_on"])), ("needed by", ", ".join(found["needed_by"])),
        ("codes reach", found["prompts_reach"]), ("lies in", ", ".join(found["places"])),
        ("knows", f"{found['exposed']} could know what works"),
    )  # fmt: skip
    for name, value in lines:
        if value:
            render.line(f"{name:<12} {render.safe(value)}")
    render.line()
    from govern.cli.credential import table

    table(found["credentials"], handle)
    render.line()
    render.table(
        ("holder", "since", "until", "keys"),
        [
            (one["person"], render.day(one["since"]), render.day(one["until"]), "yes" if one["keyholder"] else "no")
            for one in found["held_by"]
        ],
        empty="nobody holds it: govern grant",
    )
    from govern.cli.beside_show import tell_account

    tell_account(found)
    render.next_step(f"govern who {found['handle']}", "who could know which of it")
