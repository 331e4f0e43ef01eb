"""What ties people and accounts beside secrets, as `account show` and `holds` tell it: on screen and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.cli import render

if TYPE_CHECKING:
    import sqlite3


def of_account(db: sqlite3.Connection, account: str, names: dict[str, str]) -> dict[str, Any]:
    """Roles, tools, recovery channels and devices of one account (id), by JSON key."""
    from govern.cli import app, device, entitlement, reaches
    from govern.register.queries import inventory

    return {
        "entitlements": [entitlement.row(one, names) for one in inventory.entitlements(db, account=account)],
        "apps": [app.row(one, names) for one in inventory.apps(db, account=account)],
        "channels": [reaches.row(one, names) for one in inventory.channels(db, account=account)],
        "devices": [device.row(one, names) for one in inventory.signed_in(db, account)],
    }


def of_person(db: sqlite3.Connection, person: str, names: dict[str, str]) -> dict[str, Any]:
    """The same of one person (id); also handles of accounts whose codes reach them."""
    from govern.cli import app, device, entitlement, reaches
    from govern.register.queries import accounts, inventory

    return {
        "entitlements": [entitlement.row(one, names) for one in inventory.entitlements(db, person=person)],
        "apps": [app.row(one, names) for one in inventory.apps(db, person=person)],
        "channels": [reaches.row(one, names) for one in inventory.channels(db, person=person)],
        "devices": [device.row(one, names) for one in inventory.devices(db, person=person)],
        "prompts": [accounts.by_id(db, account).handle for account in inventory.reaching(db, person)],
    }


def tell_account(found: dict[str, Any]) -> None:
    """The same for people; what there is none of is left out."""
    from govern.cli import app, entitlement

    _section("Roles there", found["entitlements"], entitlement.table)
    _section("Connected tools", found["apps"], app.table)
    _tell_channels(found["channels"])
    for one in found["devices"]:
        state = ", lost" if one["state"] == "lost" else ""
        render.line(f"signed in on {render.safe(one['name'] or one['kind'])} of {render.safe(one['person'])}{state}")


def tell_person(found: dict[str, Any]) -> None:
    """The same of a person."""
    from govern.cli import app, device, entitlement

    _section("Roles on platforms", found["entitlements"], entitlement.table)
    _section("Connected tools", found["apps"], app.table)
    _section("Devices", found["devices"], device.table)
    _tell_channels(found["channels"])
    if found["prompts"]:
        render.line(f"codes of {', '.join(found['prompts'])} reach them")


def _tell_channels(channels: list[dict[str, Any]]) -> None:
    from govern.cli.reaches import words

    for one in channels:
        render.line(f"{one['kind']} of {one['account']}: {words(one)}")


def _section(title: str, rows: list[dict[str, Any]], table: Any) -> None:
    if rows:
        render.line(f"\n{title}")
        table(rows, empty="")
