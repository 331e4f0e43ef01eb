"""What shows the same secret, or lets somebody in by it, has the same consequence as a reveal: hand-overs, codes, backup codes.

The control of each is the day before, and whoever may see it all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings.grants import Asked
from govern.procedures.code import show_code
from govern.procedures.grant import Request, grant
from govern.procedures.handover import hand_over
from govern.procedures.spending import spend

from .test_overdue import CALENDAR

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def handed(company: Any, by: str, to: str) -> Any:
    return company.do(hand_over, "shop", to, "password", "call", "campaign", by=by)


def code(company: Any, by: str, to: str = "") -> Any:
    return company.do(show_code, "shop", "campaign", to, by=by)


def spent(company: Any, by: str, to: str = "") -> Any:
    return company.do(spend, "shop", "campaign", to, by=by)


@pytest.fixture
def shop(company: Any) -> Any:
    """mia answers for it; anna has keys, ben has none; both hold it. All but the password came today."""
    company.enrol("anna")
    company.person("ben")
    company.account("shop", "mia", "anna", "ben", tier="critical")
    company.password = company.secret("shop")
    company.rotate(company.password)
    company.later(days=CALENDAR["critical"])
    company.secret("shop", "totp", SEED)
    company.secret("shop", "backup-codes", "11111\n22222\n33333\n44444\n55555\n66666\n77777\n88888")
    return company


SHOWS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "hand-over": (handed, "mia", "ben"),
    "code": (code, "anna", ""),
    "code for another": (code, "mia", "ben"),
    "backup code": (spent, "anna", ""),
    "backup code for another": (spent, "mia", "ben"),
}


@pytest.mark.parametrize("way", SHOWS)
def test_whatever_shows_it_is_refused_once_the_grace_is_over(shop: Any, way: str) -> None:
    show, by, to = SHOWS[way]
    show(shop, by, to)  # the control: the day before
    shop.later(days=1)
    before = shop.db().execute("SELECT count(*) FROM entries").fetchone()
    with pytest.raises(Refused, match="shop is shown to the responsible person only") as refused:
        show(shop, by, to)
    assert (refused.value.rule, refused.value.control) == ("overdue", "IA-5 f")
    assert refused.value.hint == "first: govern rotate shop --kind password --because schedule"
    assert shop.db().execute("SELECT count(*) FROM entries").fetchone() == before
    shop.rotate(shop.password)
    show(shop, by, to)


def test_the_responsible_person_and_whoever_has_an_emergency_grant_get_in(shop: Any) -> None:
    shop.later(days=1)
    assert code(shop, "mia")
    assert spent(shop, "mia")
    shop.person("carl")
    shop.do(grant, Request(selector="shop", person="carl", like="", asked=Asked(reason="it burns", emergency=True)))
    assert handed(shop, "mia", "carl")
    assert code(shop, "mia", "carl")
    assert spent(shop, "mia", "carl")


def test_on_another_tier_nothing_of_it_is_refused(company: Any) -> None:
    company.person("ben")
    company.account("shop", "mia", "ben", tier="standard")
    company.rotate(company.secret("shop"))
    company.later(days=CALENDAR["standard"] + 30)
    company.secret("shop", "totp", SEED)
    assert handed(company, "mia", "ben")
    assert code(company, "mia", "ben")
