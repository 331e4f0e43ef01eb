"""What is told before a departure is worked through: from its own open items, and of nobody's work but what is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from govern.offboarding.kinds import CaseKind
from govern.procedures import apps, offboard
from govern.procedures.preflight_departure import Leaving, leaving
from govern.register.queries import item_steps

from .conftest import copied
from .test_beside import Firm


class Busy(Firm):
    """Anna knows two passwords and has all the rest; bo holds the shop too."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.password = self.secret("shop")
        self.fact("grant.issued", {"grant": "8" * 32, "account": self.ids["shop"], "person": self.ids["bo"]})
        self.declare(self.password, "anna")
        self.account("odd", platform="nowhere")
        self.odd = self.secret("odd")
        self.declare(self.odd, "anna")
        self.all_of_it()
        self.tool("shop", "buffer", of="bo")

    def before(self, person: str = "anna", *, by: str = "mia") -> Leaving:
        db = self.db(by)
        opening = offboard.Opening(person=person, kind=CaseKind.LEAVER, cut_at=self.now)
        entries = offboard.plan(db, opening, self.now)[0][1]
        return leaving(db, self.ids[person], entries, self.now, reader=self.ids[by])


busy = copied(Busy)


def people(company: Any, found: Leaving) -> dict[str, tuple[int, int]]:
    names = {id_: name for name, id_ in company.ids.items()}
    return {names[one.person]: (one.items, one.open) for one in found.free}


def test_whom_codes_reach_which_tools_stop_and_who_is_logged_out(busy: Busy) -> None:
    told = busy.before()
    assert told.prompts == ("shop",)
    assert told.channels == (("shop", "recovery-phone"),)
    assert [(one.account, one.tool) for one in told.tools] == [("shop", "hootsuite")]
    changes = {one.account: one for one in told.changes}
    assert set(changes) == {"shop", "odd"}
    assert changes["shop"].others == (busy.ids["mia"], busy.ids["bo"])
    assert changes["shop"].tools == ("buffer",), "hers is told as hers"
    assert changes["shop"].scheduled is not None
    assert (changes["odd"].about, changes["odd"].logged_out, told.unknown) == (None, None, ("nowhere",))


def test_the_minutes_are_those_of_the_platforms(busy: Busy) -> None:
    shop = item_steps.known("instagram")
    assert shop is not None
    assert busy.before().minutes == shop.before.minutes + 15 + 5 + 5  # shop with its session, odd; the role on page, the phone


def test_who_has_the_least_open_work_comes_first_and_the_leaver_never(busy: Busy) -> None:
    told = people(busy, busy.before())
    assert "anna" not in told
    assert told["cy"] == (1, 0)  # the page is cy's
    burdens = [burden for _, burden in told.values()]
    assert burdens == sorted(burdens)
    busy.start(busy.odd)
    assert people(busy, busy.before())["mia"][1] == told["mia"][1], "the change that this departure asks for is no other work"
    busy.start(busy.secret("page"))
    assert people(busy, busy.before())["cy"] == (1, told["cy"][1] + 1)


def test_what_has_ended_is_told_no_more_and_nothing_held_takes_no_time(busy: Busy) -> None:
    case = busy.offboard("anna")
    assert leaving(busy.db(), case.person, busy.items(case), busy.now, reader=busy.ids["mia"]).tools
    busy.do(apps.end, "shop", "hootsuite")
    assert leaving(busy.db(), case.person, busy.items(case), busy.now, reader=busy.ids["mia"]).tools == ()
    busy.person("nobody")
    nothing = busy.before("nobody")
    assert (nothing.minutes, nothing.changes, nothing.free) == (0, (), ())
