"""A connector of somebody else's, as docs/connectors.md shows one whole: announced, refused, named by the policy, used, and recorded."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from govern.policy.files import policy_text

from ..loopback import answering, said

ROOT = Path(__file__).resolve().parents[2]


class Acme:
    """The platform of the page: one account, one route. `says` is what it answers instead, where that is set."""

    def __init__(self) -> None:
        self.password, self.says, self.asked, self.url = "first-secret", 0, 0, ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        right = (request.headers["X-Login"], request.headers["X-Password"]) == ("acme", self.password)
        status = self.says or (200 if right else 403)
        if status == 200 and request.command == "POST":
            self.password = json.loads(body)["new"]
        said(request, status, **({"Retry_After": "600"} if status == 429 else {}))


@pytest.fixture
def platform() -> Iterator[Acme]:
    acme = Acme()
    with answering(acme.answer) as acme.url:
        yield acme


@pytest.fixture
def shop(vault: Any, platform: Acme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A vault with an account there, and the page's connector installed beside govern, announced as its own distribution."""
    page = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    (points,) = re.findall(r"(?ms)^```toml\n\[project.entry-points.\"govern.connectors\"\]\n(.*?)^```", page)
    installed = tmp_path / "site"
    about = installed / "acme_connector-1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-connector\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[govern.connectors]\n" + points.replace('"', ""))
    (installed / "acme_connector.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'loaded')!r}).touch()\n{code}")
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delitem(sys.modules, "acme_connector", raising=False)
    vault.ok("account", "add", "shop", "--platform", "acme", "--login", "acme", "--url", platform.url)
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret")
    return vault


def adopt(shop: Any) -> None:
    file = shop.folder / "policy.yaml"
    file.write_text(policy_text().decode().replace("allowed: [bluesky, matrix, wordpress]", "allowed: [acme, matrix]"))
    shop.ok("policy", "adopt", str(file))


def test_what_is_merely_installed_is_refused_and_not_even_imported(shop: Any, platform: Acme) -> None:
    """The control: the same command, once the policy names it."""
    told = shop.run("rotate", "shop", "--connector", "acme")
    assert told.code == 4
    assert "the policy does not name the connector acme" in told.err
    assert "govern policy adopt" in told.err
    assert not (shop.folder / "loaded").exists()
    assert platform.asked == 0
    assert shop.json("rotation", "list")["rotations"] == []
    adopt(shop)
    told = shop.run("rotate", "shop", "--connector", "acme")
    assert told.code == 0, told.err
    assert "by the connector acme, acme-connector 1.2" in told.err
    assert (shop.folder / "loaded").exists()
    assert shop.ok("reveal", "shop", "--stdout").out == platform.password != "first-secret"
    assert shop.json("rotation", "list")["rotations"][0]["grade"] == "probed"


def test_one_that_comes_with_govern_can_be_taken_off_the_list(shop: Any) -> None:
    adopt(shop)
    told = shop.run("rotate", "shop", "--connector", "wordpress")
    assert (told.code, "the policy does not name the connector wordpress" in told.err) == (4, True)


def test_too_many_attempts_are_kept_and_waited_out(shop: Any, platform: Acme) -> None:
    adopt(shop)
    platform.says = 429
    told = shop.run("rotate", "shop", "--connector", "acme", "--json")
    assert told.code == 1
    (row,) = told.json()["rotations"]
    assert row["state"] == "unknown"
    assert row["retry_at"] > row["opened_at"]
    assert row["next"] == f"govern rotation reconcile {row['id'][:8]}"
    assert row["next"] in [step["command"] for step in shop.json("status")["next"]]
    platform.says, asked = 0, platform.asked
    again = shop.run("rotation", "reconcile")
    assert (again.code, platform.asked) == (1, asked)  # it is not asked before
    assert "asked to be left alone, not before" in again.err
    assert shop.ok("reveal", "shop", "--stdout").out == "first-secret"


def test_what_nobody_here_knows_ends_as_lost_after_two_wrong_attempts(shop: Any, platform: Acme) -> None:
    """Somebody changed it by hand: nothing is destroyed, nothing guessed; once the platform is set back, naming the rotation goes on."""
    adopt(shop)
    platform.password = "changed-by-somebody"
    told = shop.run("rotate", "shop", "--connector", "acme")
    assert told.code == 1
    assert "no secret that is stored here works" in told.err
    assert platform.asked == 2  # the change, from a password that is wrong; and the new one
    (rotation,) = shop.json("rotation", "list")["rotations"]
    assert rotation["state"] == "lost"
    platform.password = "first-secret"
    shop.ok("rotation", "reconcile", rotation["id"])
    assert shop.ok("reveal", "shop", "--stdout").out == platform.password
    assert shop.ok("rotation", "reconcile", rotation["id"]).err == ""  # a finished one stays as it is
    asked = platform.asked
    shop.ok("rotation", "reconcile", rotation["id"])
    assert platform.asked == asked


def test_a_secret_that_a_program_tried_was_seen_by_nobody(shop: Any, platform: Acme) -> None:
    """So nobody can say that they have typed it in; the platform is asked."""
    adopt(shop)
    platform.says = 500
    assert shop.run("rotate", "shop", "--connector", "acme").code == 1
    (rotation,) = shop.json("rotation", "list")["rotations"]
    told = shop.run("rotation", "confirm", rotation["id"])
    assert (told.code, "nobody has seen the new secret" in told.err) == (4, True)
    platform.says = 0
    shop.ok("rotation", "reconcile")
    assert shop.ok("reveal", "shop", "--stdout").out == platform.password


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--connector", "magic"], 3, "there is no connector 'magic'"),
        (["--connector", "matrix"], 4, "can't change the password of an account on acme"),
        (["--by", "shop"], 2, "--by is for a connector"),
        (["--connector", "acme", "--by", "nobody"], 3, "there is no account 'nobody'"),
        (["--connector", "acme", "--already-changed"], 2, "leaves a connector nothing to change"),
    ],
)
def test_what_cannot_be_says_why(shop: Any, words: list[str], code: int, said: str) -> None:
    adopt(shop)
    told = shop.run("rotate", "shop", *words)
    assert (told.code, said in told.err) == (code, True), told.err
