"""Every key of a guided rotation, on a pseudo terminal: what each shows was recorded before, and whatever ends it, it goes on where it stood."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

LATER = "[l] later: "
SECRET = r"^    (\S{24})$"


def types(acme: Any) -> list[str]:
    return [entry["type"] for entry in acme.json("ledger", "show")["entries"]]


def rotation(acme: Any) -> dict[str, Any]:
    found: dict[str, Any] = acme.json("rotation", "list")["rotations"][0]
    return found


def test_into_the_clipboard_recorded_first(acme: Any, screen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of the desktop gets it on stdin; the screen does not."""
    program = tmp_path / "bin" / "pbcopy"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/copied\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    before = types(acme).count("secret.revealed")
    shown.type("k")
    told = shown.until(LATER)
    copied = (tmp_path / "copied").read_text()
    assert re.fullmatch(r"\S{24}", copied)
    assert copied not in told
    assert "copied with pbcopy" in told
    assert types(acme).count("secret.revealed") == before + 1
    assert rotation(acme)["shown"] is True


def test_without_a_clipboard_nothing_is_recorded(acme: Any, screen: Any) -> None:
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    before = types(acme)
    shown.type("k")
    assert "[n] shows it" in shown.until(LATER)
    assert types(acme) == before


def test_a_qr_code_for_a_phone(acme: Any, screen: Any) -> None:
    pytest.importorskip("segno")
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    shown.type("q")
    told = shown.until(LATER)
    assert sum(map(told.count, "█▀▄")) > 100
    assert not re.search(SECRET, told, re.M)
    assert types(acme)[-1] == "secret.revealed"


def test_step_by_step_with_new_backup_codes(acme: Any, screen: Any) -> None:
    """Changed? Signed out everywhere? Connected apps? New backup codes? Each answer is recorded, each code sealed without echo."""
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    shown.type("n")
    shown.until(LATER)
    shown.type("y")
    for question in ("Signed out everywhere", "Connected apps", "new backup codes"):
        assert question in shown.until("(y/N): ")
        shown.type("y")
    for code in ("1234 5678", "2345 6789"):
        shown.until("that was the last): ")
        shown.type(code)
    shown.until("that was the last): ")
    shown.type("")
    assert shown.end() == 0
    assert "sealed: 2 backup codes of shop" in shown.seen
    assert "1234 5678" not in shown.seen, "typed without echo"
    assert acme.json("credential", "use-code", "shop", "--stdout")["code"] == "1234 5678"
    assert rotation(acme)["cut"] == ["sessions", "oauth-apps"]


def test_the_current_one_is_wrong_and_somebody_knows_better(acme: Any, screen: Any) -> None:
    """Recorded as unknown first, then whom to ask; nothing is given up."""
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    shown.type("w")
    told = shown.until("(y/N): ")
    assert "ask who could know: anna" in told
    assert rotation(acme)["state"] == "unknown"
    shown.type("n")
    assert "--already-changed" in shown.until(LATER)
    shown.type("l")
    assert shown.end() == 0
    acme.ok("rotate", "shop", "--already-changed", stdin="what-anna-had-set")
    assert acme.ok("reveal", "shop", "--stdout").out == "what-anna-had-set"


def test_the_current_one_is_wrong_and_nobody_knows_better(acme: Any, screen: Any) -> None:
    """Lost, with every secret still there; the platform's recovery is next, and a new one is sealed in the same rotation."""
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    shown.type("w")
    shown.until("(y/N): ")
    shown.type("y")
    assert "only the platform lets you in again" in shown.until(LATER)
    lost = rotation(acme)
    assert lost["state"] == "lost"
    assert acme.ok("rotation", "show", lost["id"], "--secret", "current", "--stdout").out == "first-secret"
    shown.type("s")
    assert "sealed" in shown.until(LATER)
    again = rotation(acme)
    assert (again["id"], again["state"], again["version"]) == (lost["id"], "staged", 3)


def test_logged_out_it_stays_open_and_says_how_to_go_on(acme: Any, screen: Any) -> None:
    shown = screen(acme, "rotate", "shop")
    shown.until(LATER)
    shown.type("x")
    assert shown.end() == 0
    assert "sign in there first" in shown.seen
    assert "next: govern rotate shop --kind password" in shown.seen
    assert rotation(acme)["state"] == "staged"


ENDS = [
    pytest.param(keys, how, marks=[] if how is chosen else pytest.mark.slow, id=f"{'-'.join(keys) or 'at once'}-{name}")
    for keys, chosen in (
        ((), signal.SIGKILL),
        (("n",), signal.SIGINT),
        (("n", "r"), signal.SIGKILL),
        (("n", "y"), signal.SIGINT),
    )
    for how, name in ((signal.SIGINT, "ctrl-c"), (signal.SIGKILL, "kill"))
]
"""Keys, and what ends the command then: of each place one ending, the other in `make test-slow`."""


@pytest.mark.parametrize(("keys", "how"), ENDS)
def test_however_it_ends_it_goes_on_where_it_stood(acme: Any, screen: Any, how: signal.Signals, keys: tuple[str, ...]) -> None:
    """Interrupted before anything, after showing, after a refusal, or between the questions of a confirmation: one rotation, its secrets there."""
    shown = screen(acme, "rotate", "shop")
    for key in keys:
        shown.until(LATER)
        shown.type(key)
    shown.until("(y/N): " if "y" in keys else LATER)
    shown.process.send_signal(how)
    assert shown.end() in (130, -signal.SIGKILL)
    stood = rotation(acme)
    assert stood["state"] == "staged", "a confirmation counts once all is answered"
    again = screen(acme, "rotate", "shop")
    again.until(LATER)
    again.type("n")
    secret = re.search(SECRET, again.until(LATER), re.M)
    assert secret
    assert rotation(acme)["id"] == stood["id"]
    again.type("y")
    for _ in range(3):
        again.until("(y/N): ")
        again.type("n")
    assert again.end() == 0
    assert acme.ok("reveal", "shop", "--stdout").out == secret[1]


def test_what_a_platform_lists_by_name_is_called_after_its_rotation(acme: Any, screen: Any) -> None:
    """Stored as a candidate before it is confirmed; the label is told wherever the new one is asked for."""
    acme.ok("credential", "add", "blog", "--kind", "app-password", stdin="first-app-password")
    told = acme.ok("rotate", "blog", "--kind", "app-password")
    label = f"govern-{rotation(acme)['id'][:8]}"
    assert f"call it {label}" in told.err
    assert rotation(acme)["label"] == label
    shown = screen(acme, "rotate", "blog", "--kind", "app-password")
    assert f"call the new one there: {label}" in shown.until(LATER)
    shown.type("s")
    shown.until("shows it: ")
    shown.type("second-app-password")
    shown.until(LATER)
    assert rotation(acme)["state"] == "staged"
    shown.type("y")
    assert shown.end() == 0
    assert acme.ok("reveal", "blog", "--kind", "app-password", "--stdout").out == "second-app-password"


def test_several_are_led_through_one_by_one_and_told_in_the_end(acme: Any, screen: Any) -> None:
    """Because of a breach: each with a time by which it is due; what is left for later stands in the table, and the rest goes on."""
    acme.ok("account", "edit", "blog", "--tag", "sale")
    acme.ok("account", "edit", "shop", "--tag", "sale")
    shown = screen(acme, "rotate", "tag:sale", "--because", "breach")
    assert "blog: new password" in shown.until(LATER)
    shown.type("l")
    assert "shop: new password" in shown.until(LATER)
    shown.type("n")
    shown.until(LATER)
    shown.type("y")
    for _ in range(3):
        shown.until("(y/N): ")
        shown.type("n")
    assert shown.end() == 0
    table = shown.seen[shown.seen.rindex("ACCOUNT") :].splitlines()
    assert [line.split()[1:4] for line in table[1:3]] == [["blog", "password", "staged"], ["shop", "password", "done"]]
    found = {one["account"]: one for one in acme.json("rotation", "list")["rotations"]}
    assert {one["trigger"] for one in found.values()} == {"breach"}
    assert all(one["due"] for one in found.values())
