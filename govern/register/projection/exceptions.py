"""Exceptions: a rule of the house set aside for an account or a person, for a reason and until a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from govern.errors import Refused
from govern.holdings import exceptions
from govern.register.projection import beside
from govern.register.projection.scene import Scene


def _granted(scene: Scene) -> None:
    """Anew before it runs out: the latest counts."""
    body = scene.body
    point, until, account, person = body["point"], body["until"], body.get("account"), body.get("person")
    control = exceptions.CONTROLS[point]
    about_account = point in exceptions.OF_ACCOUNT
    if (account is None or person is not None) if about_account else person is None:
        raise Refused(
            f"an exception of the point {point} is about {'an account and nobody' if about_account else 'a person'}",
            rule="exception-about", control=control, hint="govern exception add --help",
        )  # fmt: skip
    if account is not None:
        scene.must("account", "accounts", account)
    if person is not None:
        scene.must("person", "people", person)
    if (
        about_account
        and scene.one("SELECT 1 FROM roles WHERE person = ? AND role = 'admin' AND (until IS NULL OR until > ?)", scene.actor, scene.now)
        is None
    ):
        raise Refused("exceptions for accounts need the role admin", rule="authority", control="AC-3", hint="ask an admin")
    latest = exceptions.latest(min(scene.at, scene.borne_out() or scene.at))
    if not scene.at[:10] <= until <= latest:
        raise Refused(
            f"an exception lasts until a day to come, and {exceptions.LONGEST} days at most", rule="exception-long", control=control,
            hint=f"--until {latest} at the latest, and grant it anew then",
        )  # fmt: skip
    answers = (
        account is not None
        and scene.one("SELECT 1 FROM accounts WHERE id = ? AND ? IN (custodian, deputy)", account, scene.actor) is not None
    )
    if (person == scene.actor or (about_account and answers)) and beside.another_admin(scene):
        raise Refused(
            "nobody sets a rule aside for themselves where another admin could", rule="own-exception", control="AC-5",
            hint="another admin decides on it",
        )  # fmt: skip
    if not scene.has_personal:
        raise Refused("an exception without a reason", rule="exception-reason", control=control, hint="say why with --reason")
    scene.run(
        "UPDATE exceptions SET ended_at = ?, ender = ?, ended_entry = ? WHERE point = ? AND account IS ? AND person IS ? AND ended_at IS NULL",
        scene.at, scene.actor, scene.index, point, account, person,
    )  # fmt: skip
    scene.run(
        "INSERT INTO exceptions (id, point, account, person, until, reason, granter, at, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["exception"], point, account, person, until, scene.personal.get("reason"), scene.actor, scene.at, scene.index,
    )  # fmt: skip


def _ended(scene: Scene) -> None:
    """Also of one's own: to have a rule back takes nobody's leave."""
    id_ = scene.body["exception"]
    row = scene.one("SELECT ended_at FROM exceptions WHERE id = ?", id_)
    if row is None:
        raise scene.unknown("exception")
    if row[0] is not None:
        raise Refused("this exception has ended", rule="ended", hint="govern exception list")
    scene.run("UPDATE exceptions SET ended_at = ?, ender = ?, ended_entry = ? WHERE id = ?", scene.at, scene.actor, scene.index, id_)


APPLY: Final[Mapping[str, Callable[[Scene], None]]] = {"exception.granted": _granted, "exception.ended": _ended}
