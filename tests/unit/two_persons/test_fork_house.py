"""What a fork carries of exceptions and descriptions of accounts: they are decisions about what stands outside. Reviews of the tail are opened anew."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from govern.procedures import describing, exceptions, reviews
from govern.register.queries import exceptions as asked
from govern.register.queries import in_order
from govern.register.queries import reviews as reviewed
from govern.register.queries.in_order import Description

from ..departing.conftest import copied
from .test_fork import Forked, ended


class Housed(Forked):
    """Ben answers for the page. In the tail it has lost its second factor, by an exception of mia's."""


@copied
def housed(folder: Path) -> Housed:
    firm = Housed(folder)
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    firm.account("shop", "mia", "cleo")
    firm.account("page", custodian="ben")
    firm.shop_secret = firm.secret("shop")
    firm.keep()
    until = (date.fromisoformat(firm.now[:10]) + timedelta(days=60)).isoformat()
    firm.do(exceptions.add, "page", point="second-factor", until=until, reason="its phone is lost")
    firm.do(describing.describe, "page", Description(second_factor="none", purpose="News"))
    firm.do(lambda tx: reviews.start(tx, reviews.scope(tx.register, "account:shop")))
    firm.db("ben")
    firm.db("mia")
    return firm


def test_exceptions_and_descriptions_are_carried_and_reviews_are_not(housed: Housed) -> None:
    before = [(one.id, one.point, one.until, one.reason) for one in asked.exceptions(housed.db())]
    assert len(before) == len(reviewed.reviews(housed.db())) == 1
    ended(housed)
    assert [(one.id, one.point, one.until, one.reason) for one in asked.exceptions(housed.db())] == before
    assert in_order.description(housed.db(), housed.ids["page"]) == Description(second_factor="none", purpose="News")
    assert reviewed.reviews(housed.db()) == []
