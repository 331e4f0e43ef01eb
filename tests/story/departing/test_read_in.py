"""Departures and open work on the screen, in the language of whoever reads them; programs read English."""

from __future__ import annotations

from typing import Any

import pytest

from govern.policy.platforms import load_profiles

SAID = {
    "fr": ("changer\N{NO-BREAK SPACE}: mot de passe (version 1)", "À FAIRE", "Les noms de menus sont entre guillemets", "POURQUOI"),
    "nl": ("TE DOEN", "wachtwoord", "Menunamen staan tussen aanhalingstekens", "WAAROM"),
    "da": ("SKAL GØRES", "adgangskode", "Menunavne står i citationstegn", "HVORFOR"),
    "nb": ("SKAL GJØRES", "passord", "Menynavn står i anførselstegn", "HVORFOR"),
    "es": ("POR HACER", "contraseña", "Los nombres de menús van entre comillas", "POR QUÉ"),
}


@pytest.mark.parametrize("locale", SAID)
def test_items_steps_and_open_work_are_told_in_the_language_that_is_named(acme: Any, locale: str) -> None:
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    number = next(
        item["number"]
        for item in acme.json("offboard", "show", case)["items"]
        if item["kind"] == "rotate" and item["credential"] == "password"
    )
    whole = acme.ok("offboard", "show", case, "--locale", locale).out
    one = acme.ok("offboard", "show", case, str(number), "--locale", locale).out
    todo = acme.ok("todo", "--locale", locale).out
    for text in SAID[locale]:
        assert text in whole + one + todo, (locale, text, whole, one, todo)
    for english in ("TO DO", "change the password", "end the grant", "done", "settings:", "(overdue)"):
        assert english not in whole + one + todo, (locale, english)


def _english() -> list[str]:
    """Sentences that profiles say, long enough to be no name."""
    return [said.text for about in load_profiles().values() for said in about.statements() if said.text.count(" ") > 4]


PLATFORMS = ("before you begin", "scheduled posts", "minutes of work", "As of", "by general guides", "Hootsuite: Members")


def _told(acme: Any, locale: str) -> str:
    """Pre-flight, the steps of a password and of a tool, open drills."""
    acme.ok("app", "add", "shop", "Hootsuite", "--by", "anna")
    opened = acme.ok("offboard", "open", "anna")
    case = acme.json("offboard", "list")["cases"][0]["id"]
    wanted = {one["kind"]: str(one["number"]) for one in acme.json("offboard", "show", case)["items"] if one["kind"] in ("rotate", "app")}
    shown = [acme.ok("offboard", "show", case, number, "--locale", locale).out for number in wanted.values()]
    plan = acme.ok("offboard", "plan", "anna", "--locale", locale)
    assert (len(wanted), opened.code) == (2, 0)
    return "".join((plan.out, plan.err, *shown, acme.ok("todo", "--all", "--locale", locale).out))


@pytest.mark.parametrize("locale", SAID)
def test_what_is_said_of_platforms_is_told_in_that_language_with_its_grade_and_day(acme: Any, locale: str) -> None:
    """The control is the next test."""
    told = _told(acme, locale)
    assert [text for text in (*_english(), *PLATFORMS, "the totp") if text in told] == []


def test_in_english_the_same_is_told_as_the_profiles_have_it(acme: Any) -> None:
    told = _told(acme, "en")
    assert sum(text in told for text in _english()) > 5
    assert [text for text in (*PLATFORMS, "the totp") if text not in told] == ["the totp"]


def test_english_stays_as_it_was_and_json_is_english_in_every_language(acme: Any) -> None:
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    assert "change the password (version 1)" in acme.ok("offboard", "show", case).out
    assert acme.json("offboard", "show", case, "--locale", "fr") == acme.json("offboard", "show", case)
    assert acme.json("todo", "--locale", "fr") == acme.json("todo")
    told = acme.run("offboard", "show", case, "--locale", "xx")
    assert (told.code, "--locale" in told.err) == (2, True)


def test_without_a_word_it_is_the_language_kept_of_whoever_reads(story: Any) -> None:
    story.ok(
        "init",
        "--organisation",
        "Acme",
        "--founder",
        "Mia Holm <mia@acme.example>",
        "--handle",
        "mia",
        "--preset",
        "solo",
        "--locale",
        "da",
    )
    story.ok("person", "add", "Anna Sø", "--handle", "anna")
    story.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    story.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret")
    story.ok("grant", "shop", "anna")
    plan = story.ok("offboard", "plan", "anna")
    assert "SKAL GØRES" in plan.out
    assert "(standser tilladelserne nu" in plan.out + plan.err
    assert "TO DO" in story.ok("offboard", "plan", "anna", "--locale", "en").out
    opened = story.ok("offboard", "open", "anna")
    assert "adgangen er lukket: 1 tilladelse og" in opened.err
    assert [text for text in ("the cut is made", "change the", "before you begin") if text in opened.out + opened.err] == []
