"""What a message says, whatever people and accounts are called: what, until when, the next step; no secret, no link, and of a departure under
embargo not a word."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.languages import LOCALES, language
from govern.notices import digest
from govern.notices.appointments import general
from govern.notices.digest import IN_FULL, MOST
from govern.notices.due import Notice
from govern.notices.lines import line
from govern.offboarding.items import ItemKind
from govern.offboarding.wording import Told
from govern.register.queries.due import Thing
from govern.register.queries.people import Person
from govern.vocabulary import KINDS, NOTICES, TIERS

VAULT = "ab" * 32
ENVIRONMENT = digest._environment()
names = st.text(st.characters(exclude_characters="X", exclude_categories=("Cs",)), min_size=1, max_size=60)
hidden = st.integers(10**6, 10**9).map(lambda number: f"Xq{number}")


def person(name: str, locale: str) -> Person:
    return Person(
        id="0" * 32, handle="kim", name=name, mail="kim@acme.example", department="", locale=locale, agency="", external=False, status="active",
        left_on="", last_day="", keyholder=False, roles=(),
    )  # fmt: skip


@st.composite
def notices(draw: st.DrawFn, secret: str = "", *, embargoed: bool = False) -> Notice:
    account, name = draw(names) + secret, draw(names) + secret
    told = Told(
        kind=draw(st.sampled_from(ItemKind)), person=name, account=account, credential="password", version=1, about=draw(names) + secret
    )
    kind = "cut" if embargoed else draw(st.sampled_from(NOTICES))
    thing = Thing(
        kind=kind, of=draw(st.binary(min_size=16, max_size=16)).hex(), due=f"{draw(st.dates()).isoformat()}", tier=draw(st.sampled_from(TIERS)),
        account=draw(st.sampled_from(["", account])), credential=draw(st.sampled_from(KINDS)), name=name, embargoed=embargoed,
        command=f"govern rotate {account} --kind password", told=draw(st.sampled_from([None, told])), number=draw(st.integers(0, 5)),
    )  # fmt: skip
    return Notice(
        thing,
        "0" * 32,
        draw(st.integers(-14, 30)),
        thing.due,
        draw(st.integers(-14, 30)),
        "",
        draw(st.sampled_from(["responsible", "holder"])),
    )


class Seen(HTMLParser):
    """What a page says, and which elements it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=60, deadline=None)
@given(st.data(), hidden, st.sampled_from(LOCALES), names)
def test_of_an_embargoed_departure_no_message_holds_a_word_whatever_it_is_about(
    data: st.DataObject, secret: str, locale: str, name: str
) -> None:
    mine = [data.draw(notices(secret, embargoed=True)), *data.draw(st.lists(notices(), max_size=2))]
    made = digest._digest(person(name, locale), mine, VAULT, ENVIRONMENT)
    for message in (made.message, made.public):
        assert all(secret not in text for text in (message.subject, message.text, message.html))
    control = digest._digest(
        person(name, locale), [one._replace(thing=one.thing._replace(embargoed=False)) for one in mine], VAULT, ENVIRONMENT
    )
    assert secret in control.message.html


@settings(max_examples=60, deadline=None)
@given(st.lists(notices(), min_size=1, max_size=4), st.sampled_from(LOCALES), names)
def test_whatever_people_and_accounts_are_called_text_has_72_columns_and_no_name_becomes_markup(
    mine: list[Notice], locale: str, name: str
) -> None:
    made = digest._digest(person(name, locale), mine, VAULT, ENVIRONMENT)
    assert all(len(line) <= 72 for line in made.message.text.splitlines())
    assert "\n" not in made.message.subject
    assert made.message.subject
    plain = Seen(made.message.html)
    assert set(plain.tags) <= {"html", "head", "meta", "title", "body", "h1", "p", "ol", "li", "strong", "br", "code", "span"}
    assert plain.tags.count("li") == len(mine)
    assert f'lang="{locale}"' in made.message.html
    assert made.public.html == ""
    assert made.public.text.count("\n") <= 3


@pytest.mark.parametrize("locale", LOCALES)
def test_in_every_language_no_text_asks_to_follow_a_link(locale: str) -> None:
    mine = [
        Notice(
            Thing(kind=kind, of="0" * 32, due="2026-12-01", account="shop", credential="password", name="cleo"),
            "p",
            0,
            "2026-12-01",
            0,
            "",
            "admin",
        )
        for kind in NOTICES
    ]
    made = digest._digest(person("Kim", locale), mine[:MOST], VAULT, ENVIRONMENT)
    for text in (made.message.text, made.message.html):
        assert not re.search(r"https?:|www\.|<a |href|<img|src=", text)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_about_a_review_says_which_accounts_it_is_about(locale: str) -> None:
    """One by its name; of several the first, and how many more."""
    one = Thing(kind="review", of="0" * 32, due="2026-12-01", account="page", number=2)
    several = one._replace(account="", among="box", others=2)
    for thing, wanted in ((one, r"\(page\)$"), (several, r"\(box .*2.*\)$")):
        assert re.search(wanted, line(Notice(thing, "0" * 32, 0, thing.due, 0, "", "responsible"), language(locale)).what)


def late(
    account: str, days: int, *, before: bool, tier: str = "standard", kind: str = "schedule", pressing: bool = False, urgent: bool = False
) -> Notice:
    """Something of that account, so many days overdue; `before`: of which they were told already."""
    thing = Thing(
        kind=kind, of=account.encode().hex(), due=f"2026-11-{20 - days:02}", tier=tier, account=account, credential="password",
        command=f"govern rotate {account}", pressing=pressing, urgent=urgent,
    )  # fmt: skip
    return Notice(thing, "p", days, thing.due, days, "", "responsible", before=before)


def test_of_many_things_the_most_urgent_come_first_and_what_was_told_before_is_counted_at_the_end() -> None:
    """What is new is named, however much there is; only of what they were told before no more than the most urgent is said again."""
    old = [late(f"old{n:02}", 15, before=True, tier="low") for n in range(40)]
    new = [late(f"new{n}", 0, before=False) for n in range(5)]
    many = [late(f"soon{n:02}", 0, before=False) for n in range(30)]
    top = [
        late("shop", 1, before=True, tier="critical"),
        late("known", 2, before=True, kind="former", pressing=True),
        late("alarm", 0, before=False, kind="incident", urgent=True),
    ]
    (mine,) = digest.by_person([*old, *new, *top]).values()
    assert [one.thing.account for one in mine[:9]] == ["alarm", "known", "shop", *(f"new{n}" for n in range(5)), "old00"]
    made = digest._digest(person("Kim", "en"), mine, VAULT, ENVIRONMENT)
    shown = re.findall(r"^ *(\d+)\. .* (\w+)(?:: somebody.*|$| \()", made.message.text, re.MULTILINE)
    assert [int(number) for number, _ in shown] == list(range(1, IN_FULL + 1))
    assert [account for _, account in shown[3:9]] == [*(f"new{n}" for n in range(5)), "old00"]
    assert made.message.text.count("$ govern") == IN_FULL + 1
    assert made.message.subject.startswith("48 things to do: Somebody reported that something is wrong with alarm (")
    for text in (made.message.text, Seen(made.message.html).text):
        said = " ".join(text.split())
        assert "48 things wait for you" in said
        assert "And 28 more that are overdue, of which you were told before." in said
        assert "$ govern remind --explain kim" in said
        assert "old39" not in said
    assert Seen(made.message.html).tags.count("li") == IN_FULL
    assert len(made.lines("")) == 48, "all of them are recorded as told"
    (crowd,) = digest.by_person([*old, *many, *top]).values()
    named = digest._digest(person("Kim", "en"), crowd, VAULT, ENVIRONMENT).message
    assert all(one.thing.account in named.text and one.thing.account in named.html for one in many)
    assert "33. Change the password of soon29 (today)\n\nAnd 40 more" in named.text
    control = digest._digest(person("Kim", "en"), [one._replace(before=False) for one in mine], VAULT, ENVIRONMENT)
    assert "old39" in control.message.text
    assert "more that are" not in control.message.text


@pytest.mark.parametrize("locale", LOCALES)
def test_no_appointment_calls_a_secret_what_is_none(locale: str) -> None:
    """Where nothing may be named, an appointment still says what sort of thing it is."""
    speech = language(locale)

    def said(kind: str, told: Told | None = None) -> str:
        return general(Notice(Thing(kind=kind, of="0" * 32, due="2026-12-01", told=told), "p", 0, "2026-12-01", 0, "", ""), speech)

    assert said("acknowledgement") != said("schedule") != said("incident")
    newcomer, leaver = (Told(kind=kind, person="cleo") for kind in (ItemKind.GRANT, ItemKind.END_GRANT))
    assert said("case-item", newcomer) != said("case-item", leaver) == said("cut")
    assert said("schedule") == said("rotation") == said("former"), "the control"


def test_a_subject_says_what_and_until_when() -> None:
    thing = Thing(kind="schedule", of="0" * 32, due="2026-12-01", account="shop", credential="password")
    ahead = Notice(thing, "p", -7, "2026-12-01", -7, "", "responsible")
    said = {
        past: digest._digest(person("Kim", "en"), [ahead._replace(past=past)], VAULT, ENVIRONMENT).message.subject for past in (-7, 0, 3)
    }
    assert said == {
        -7: "Change the password of shop (by 2026-12-01)",
        0: "Change the password of shop (today)",
        3: "Change the password of shop (overdue since 2026-12-01)",
    }
    urgent = Notice(
        Thing(kind="incident", of="0" * 32, due="2026-12-01T14:30:00Z", account="shop", urgent=True), "p", 0, "2026-12-01", 0, "", ""
    )
    subject = digest._digest(person("Kim", "en"), [urgent], VAULT, ENVIRONMENT).message.subject
    assert subject == "Somebody reported that something is wrong with shop (by 2026-12-01 14:30 UTC)"
    two = digest._digest(person("Kim", "en"), [ahead, ahead], VAULT, ENVIRONMENT).message.subject
    assert two == "2 things to do: Change the password of shop (by 2026-12-01)"


def test_a_repetition_has_the_same_message_id_and_another_stage_another() -> None:
    thing = Thing(kind="schedule", of="0" * 32, due="2026-12-01", account="shop", credential="password")
    one = Notice(thing, "p", -7, "2026-12-01", -7, "", "responsible")
    made = [
        digest._digest(person(name, "en"), [each], VAULT, ENVIRONMENT).message.message_id
        for name, each in (("Kim", one), ("Kim Ek", one), ("Kim", one._replace(point=0)))
    ]
    assert made[0] == made[1] != made[2]
