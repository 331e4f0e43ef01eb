"""What is said of an open departure that is not embargoed (docs/security/limitations.md): its subject, where they read cases, holds the key of all of
them. The program hides theirs until its cut; another program need not.
"""

from __future__ import annotations

import json

from govern.errors import GovernError
from govern.ledger.commitment import Entry, open_event

from .embargoed import Company
from .insider import Insider


def opened_by(company: Company, member: str) -> set[str]:
    """Types of the entries about departures that a member's keys open, asked of no register."""
    insider, found = Insider(company.of[member]), set()
    with company.mia.database() as db:
        rows = [Entry(*row) for row in db.execute("SELECT * FROM entry ORDER BY idx").fetchall()]
    for row in rows:
        for compartment, key in insider.epochs:
            if (row.compartment, row.epoch) == (compartment, key.id):
                try:
                    found.add(json.loads(open_event(row, vault=insider.vault, epoch=key)[1])["type"])
                except GovernError:
                    continue
    return {type_ for type_ in found if type_.startswith("case.")}


def test_an_admin_who_is_to_leave_can_read_it_by_another_program_before_the_cut(company: Company) -> None:
    case = company.mia.json("offboard", "open", "ben", "--cut-at", "2099-01-01T09:00:00Z")["case"]["id"]
    assert company.of["ben"].run("offboard", "show", case).code == 3
    assert company.of["ben"].json("offboard", "list")["cases"] == []
    assert {"case.opened", "case.items"} <= opened_by(company, "ben")


def test_control_under_embargo_they_can_not(company: Company) -> None:
    company.open("--name-reader", "nora")
    assert opened_by(company, "ben") == set()
    assert "case.opened" in opened_by(company, "nora")
