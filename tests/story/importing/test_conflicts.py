"""What is told of a login whose secret differs from ours: which kind, of which row, who is said to know it, and the step that destroys nothing."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import SEED, Inside, row

OTHER = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
THIRD = "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK"
HEAD = "account,login,password,known to"


def next_step(err: str) -> list[str]:
    """The words of the command that is to come next."""
    line = next(line for line in err.splitlines() if line.startswith("next: "))
    return shlex.split(line.removeprefix("next: ").partition("    (")[0])


def exposed(vault: Any, account: str) -> set[tuple[str, str]]:
    return {(each["person"], each["basis"]) for each in vault.json("who", account)["exposed"]}


class TestWhichDiffers:
    def test_a_seed_that_differs_leads_to_the_seed_and_never_to_the_password(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Shop", "shop", "first-password", totp=SEED)))
        path = bitwarden(row("Shop", "shop", "first-password", totp=OTHER), name="b.csv")
        told = vault.run("import", path)
        assert "conflict shop: its totp differs from the file's (row 2), and was left as it is" in told.err
        step = next_step(told.err)
        assert step == ["govern", "rotate", "shop", "--kind", "totp", "--already-changed"]
        vault.ok(*step[1:], stdin=OTHER)
        assert vault.ok("reveal", "shop", "--stdout").out == "first-password"
        assert vault.json("import", path)["unchanged"] == ["shop"]

    def test_a_password_that_differs_leads_to_the_password(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Shop", "shop", "first-password", totp=SEED)))
        told = vault.run("import", bitwarden(row("Shop", "shop", "second-password", totp=SEED), name="b.csv"))
        assert "its password differs" in told.err
        step = next_step(told.err)
        vault.ok(*step[1:], stdin="second-password")
        assert vault.ok("reveal", "shop", "--stdout").out == "second-password"

    def test_json_names_account_row_and_kind_of_each_difference(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        vault.ok("import", bitwarden(row("Shop", "shop", "first-password", totp=SEED), row("B", "b", "password-b")))
        path = bitwarden(row("B", "b", "password-b"), row("Shop", "shop", "second-password", totp=OTHER), name="b.csv")
        told = vault.json("import", path)
        assert told["conflicts"] == ["shop"]
        assert told["differs"] == [
            {"account": "shop", "row": "row 3", "kind": kind, "credentials": [], "known_to": []} for kind in ("password", "totp")
        ]
        assert "its password and totp differ from the file's (row 3)" in vault.run("import", path).err

    @pytest.mark.usefixtures("terminal")
    def test_of_several_seeds_the_step_asks_for_the_one_that_was_replaced(self, vault: Any, bitwarden: Callable[..., str]) -> None:
        two = row("Shop", "shop", "first-password", totp=SEED)
        two[5] = f"backup: otpauth://totp/x?secret={OTHER}"
        vault.ok("import", bitwarden(two), stdin="y\n")
        path = bitwarden(row("Shop", "shop", "first-password", totp=THIRD), name="b.csv")
        told = vault.run("import", path, stdin="y\ny\n")
        assert next_step(told.err) == ["govern", "rotate", "shop", "--kind", "totp", "--credential", "ID", "--already-changed"]
        listed = vault.json("credential", "list", "shop")["credentials"]
        seeds = [each["id"] for each in listed if each["kind"] == "totp"]
        assert f"it has 2 of the kind totp: {seeds[0][:8]}, {seeds[1][:8]}" in told.err
        assert vault.json("import", path)["differs"][0]["credentials"] == seeds
        words = ("rotate", "shop", "--kind", "totp", "--credential", seeds[1][:8], "--already-changed")
        assert vault.spawn(*words, stdin=THIRD).code == 0
        assert vault.ok("reveal", "shop", "--stdout").out == "first-password"
        assert vault.json("import", path)["unchanged"] == ["shop"]


class TestWhoKnowsIt:
    """The file says who knows the file's secret, and that is not the one that is here."""

    def test_who_is_said_to_know_the_files_secret_is_told_and_not_recorded(
        self, vault: Any, sheet: Callable[..., str], inside: Inside
    ) -> None:
        vault.ok("person", "add", "Anna Smith", "--handle", "anna")
        vault.ok("import", sheet(HEAD, "Shop,shop,first-password,"))
        before = inside.size()
        path = sheet(HEAD, "Shop,shop,second-password,Ben Carter; Mia Holm", name="b.csv")
        for more in ((), ("--dry-run",)):
            told = vault.json("import", path, "--known-to", "anna", *more)
            (warning,) = told["warnings"]
            assert "shop (row 2)" in warning
            assert "not recorded as known to anna, Ben Carter;" in warning
            assert told["differs"][0]["known_to"] == ["anna", "Ben Carter"]
            assert told["people"] == []
        assert warning in vault.run("import", path, "--known-to", "anna").err
        assert inside.size() == before
        assert {person for person, _ in exposed(vault, "shop")} == {"mia", "others-unknown"}

    @pytest.mark.usefixtures("terminal")
    def test_where_the_files_secret_is_taken_it_is_recorded_and_new_people_are_counted_and_compared(
        self, vault: Any, sheet: Callable[..., str]
    ) -> None:
        vault.ok("person", "add", "Anna Sørensen", "--handle", "anna")
        vault.ok("import", sheet(HEAD, "Shop,shop,first-password,"), stdin="y\n")
        path = sheet(HEAD, "Shop,shop,second-password,Anna Sorensen; Jan de Vries; Jan de Vreis", name="b.csv")
        told = vault.run("import", path, stdin="y\ny\n")
        assert told.code == 0
        counted = {name.strip(): int(number) for name, number in (line.rsplit(None, 1) for line in told.out.splitlines())}
        people = [each["handle"] for each in vault.json("person", "list")["people"]]
        assert counted == {"created": 0, "merged": 1, "conflicts": 0, "unchanged": 0, "skipped": 0, "new people": len(people) - 2}
        assert "Jan de Vreis is new as jan.de.vreis, and written like jan.de.vries: one person or two?" in told.err
        assert "not recorded" not in told.err
        assert {(name, "declared") for name in ("jan.de.vries", "jan.de.vreis")} <= exposed(vault, "shop")

    @pytest.mark.usefixtures("terminal")
    def test_where_ours_is_kept_it_is_told(self, vault: Any, sheet: Callable[..., str]) -> None:
        vault.ok("import", sheet(HEAD, "Shop,shop,first-password,"), stdin="y\n")
        told = vault.run("import", sheet(HEAD, "Shop,shop,second-password,Ben Carter", name="b.csv"), stdin="y\nn\n")
        assert "not recorded as known to Ben Carter" in told.err
        assert [each["handle"] for each in vault.json("person", "list")["people"]] == ["mia"]
