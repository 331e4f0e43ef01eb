"""A run of reminders: the right person hears once, and it is in the ledger."""

from __future__ import annotations

from .conftest import Office


def test_what_is_due_is_told_once_to_whoever_answers_for_it_and_recorded(office: Office) -> None:
    office.secret("shop")
    ran = office.remind()
    assert office.told(ran)["anna"][0] == ("hand-over", "shop", -1)
    (message,) = [one for one in office.box if one.to_name == "Anna"]
    assert "shop" in message.subject
    assert "(by 2026-11-22)" in message.subject
    sent = office.db().execute("SELECT type FROM entries WHERE type LIKE 'digest.%' OR type LIKE 'run.%' ORDER BY idx").fetchall()
    assert [type_ for (type_,) in sent] == ["run.leased", *["digest.sent"] * len(ran.sent), "run.released"]
    first = next(one for one in ran.sent if one.digest.handle == "anna").digest.notices[0]
    assert (first.next[:10], first.then) == (office.now[:10], "2026-11-22T07:00:00Z"), "what waits is told now, and next on the day itself"
    before = len(office.box)
    assert office.remind().sent == ()
    assert len(office.box) == before, "a second run is silent"
    office.later(days=1)
    assert office.told(office.remind())["anna"][0] == ("hand-over", "shop", 0), "the control: the next stage is told"
