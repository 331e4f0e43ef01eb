"""Departures and open work on the screen, in the language of whoever reads them; programs read English."""

from __future__ import annotations

from typing import Any

import pytest

SAID = {
    "fr": ("changer\N{NO-BREAK SPACE}: mot de passe (version 1)", "À FAIRE", "Les étapes sont en anglais", "POURQUOI"),
    "nl": ("TE DOEN", "wachtwoord", "De stappen zijn in het Engels", "WAAROM"),
    "da": ("SKAL GØRES", "adgangskode", "Trinnene er på engelsk", "HVORFOR"),
    "nb": ("SKAL GJØRES", "passord", "Trinnene er på engelsk", "HVORFOR"),
    "es": ("POR HACER", "contraseña", "Los pasos están en inglés", "POR QUÉ"),
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
    assert "SKAL GØRES" in story.ok("offboard", "plan", "anna").out
    assert "TO DO" in story.ok("offboard", "plan", "anna", "--locale", "en").out
