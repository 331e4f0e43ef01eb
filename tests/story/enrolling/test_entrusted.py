"""A service that reconciles: entrusted with accounts by an admin, at work with nothing but its key, and relieved again.

The platform is a real server on loopback, changed by the page's connector, found beside govern and named by the policy.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from govern.cli import settings
from govern.policy.files import policy_text

from ...loopback import answering, said

ROOT = Path(__file__).resolve().parents[3]


class Acme:
    """Accounts with a password each. `says` is what it answers instead, where that is set."""

    def __init__(self, **passwords: str) -> None:
        self.passwords, self.says, self.url, self.asked = passwords, 0, "", 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        login = str(request.headers["X-Login"])
        status = self.says or (200 if self.passwords.get(login) == request.headers["X-Password"] else 403)
        if status == 200 and request.command == "POST":
            self.passwords[login] = json.loads(body)["new"]
        said(request, status)


@pytest.fixture
def platform() -> Iterator[Acme]:
    acme = Acme(shop="old-shop", blog="old-blog")
    with answering(acme.answer) as acme.url:
        yield acme


class Firm:
    """mia's machine, and that of the service `night`, which is entrusted with `shop` and not with `blog`."""

    def __init__(self, mia: Any) -> None:
        self.mia = mia
        self.night = type(mia)(mia.folder, vault=str(mia.home / "vault.db"))
        self.night.home = mia.home / "services" / "night"
        self.night.key = self.night.home / "key"

    def open(self, handle: str) -> str:
        """An open rotation of this account which a connector has begun, and that had to wait; its id."""
        rows = self.mia.run("rotate", handle, "--connector", "acme", "--json").json()["rotations"]
        return str(rows[0]["id"])

    def state(self, id_: str) -> str:
        return str(self.mia.json("rotation", "show", id_)["rotations"][0]["state"])


@pytest.fixture
def firm(vault: Any, platform: Acme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Firm:
    page = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    about = tmp_path / "site" / "acme_served-1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-served\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[govern.connectors]\nacme = acme_served:Acme\n")
    (tmp_path / "site" / "acme_served.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    policy = vault.folder / "policy.yaml"
    policy.write_text(policy_text().decode().replace("allowed: [bluesky, matrix, wordpress]", "allowed: [acme, matrix]"))
    vault.ok("policy", "adopt", str(policy))
    for handle in ("shop", "blog"):
        vault.ok("account", "add", handle, "--platform", "acme", "--login", handle, "--url", platform.url)
        vault.ok("credential", "add", handle, "--kind", "password", stdin=platform.passwords[handle])
    vault.ok("credential", "add", "shop", "--kind", "totp", stdin="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    told = vault.ok("key", "add-service", "night", "--purpose", "reconcile", "--until", "2099-12-31", "--accounts", "shop")
    assert "1 account entrusted to it, 1 secret sealed to its key" in told.out
    assert "whoever has its key can open these secrets" in told.err
    return Firm(vault)


def test_it_brings_an_open_rotation_to_its_end(firm: Firm, platform: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """The admin's run was cut short by the platform; the service ends it, some minutes later. A moment later it leaves it to the admin."""
    platform.says = 500
    id_ = firm.open("shop")
    assert firm.state(id_) == "unknown"
    platform.says = 0
    assert "another machine is changing" in firm.night.run("rotation", "reconcile", id_).err
    later = (datetime.now(UTC) + timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    monkeypatch.setattr(settings, "now", lambda: later)
    (row,) = firm.night.json("rotation", "reconcile")["rotations"]
    assert (row["id"], row["state"], row["grade"], row["confirmer"]) == (id_, "done", "probed", "night")
    assert firm.mia.ok("reveal", "shop", "--stdout").out == platform.passwords["shop"] != "old-shop"
    assert firm.mia.json("ledger", "verify")["findings"] == []


def test_what_it_does_by_itself_when_a_date_has_come(firm: Firm, platform: Acme) -> None:
    """It begins what is due of what is entrusted to it, and nothing else: sealed to recovery and the responsible person before it is asked."""
    for handle in ("shop", "blog"):
        firm.mia.ok("rotate", handle, "--because", "compromise")
    spawned = firm.night.spawn("rotate", "--all-due", "--connector", "acme", "--json", PYTHONPATH=os.environ["PYTHONPATH"])
    assert spawned.code == 0, spawned
    told = spawned.json()
    assert [(row["account"], row["outcome"], row["grade"]) for row in told["rotations"]] == [("shop", "done", "probed")]
    assert firm.mia.ok("reveal", "shop", "--stdout").out == platform.passwords["shop"] != "old-shop"
    assert platform.passwords["blog"] == "old-blog"
    assert firm.mia.json("ledger", "verify")["findings"] == []
    entries = firm.mia.json("ledger", "show", "--since", "0")["entries"]
    assert {"rotation.connected", "rotation.probed", "rotation.confirmed"} <= {one["type"] for one in entries if one["actor"] == "night"}


def test_it_opens_nothing_else_and_shows_nothing(firm: Firm) -> None:
    """Control: what is entrusted it could open, and even that is not shown to whoever has its key through a command."""
    assert firm.night.run("reveal", "blog", "--stdout").code == 4
    told = firm.night.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (4, "")
    assert firm.night.run("code", "shop").code == 4
    known = {(row["account"], row["kind"]) for row in firm.mia.json("holds", "night")["exposures"]}
    assert known == {("shop", "password")}


def test_an_account_that_is_not_entrusted_is_refused_by_name_and_passed_over_in_a_list(firm: Firm, platform: Acme) -> None:
    platform.says = 500
    id_ = firm.open("blog")
    platform.says, asked = 0, platform.asked
    told = firm.night.run("rotation", "reconcile", id_, "--json")
    assert (told.code, told.json()["error"]["rule"]) == (4, "service-entrusted")
    assert firm.night.json("rotation", "reconcile")["rotations"] == []
    assert platform.asked == asked


def test_relieved_of_an_account_it_opens_it_no_more_and_could_still_know(firm: Firm, platform: Acme) -> None:
    told = firm.mia.json("key", "withdraw-service", "night", "--accounts", "shop")
    assert (told["accounts"], told["wraps"], told["keys"]) == (1, 1, [])
    firm.mia.ok("rotate", "shop", "--because", "compromise")
    assert firm.night.json("rotate", "--all-due", "--connector", "acme")["rotations"] == []
    live = [row for row in firm.mia.json("holds", "night")["exposures"] if row["live"]]
    assert [(row["account"], row["kind"]) for row in live] == [("shop", "password")]
    firm.mia.ok("rotate", "shop", "--connector", "acme")
    assert not [row for row in firm.mia.json("holds", "night")["exposures"] if row["live"]]


def test_withdrawn_as_stolen_its_secrets_are_to_be_changed(firm: Firm, platform: Acme) -> None:
    firm.mia.ok("key", "withdraw-service", "night", "--cause", "compromise")
    (rotation,) = firm.mia.json("rotation", "list", "--open")["rotations"]
    assert (rotation["account"], rotation["kind"], rotation["trigger"]) == ("shop", "password", "compromise")
    assert firm.night.run("rotation", "reconcile").code == 5
    firm.mia.ok("rotate", "shop", "--connector", "acme")
    assert firm.mia.ok("reveal", "shop", "--stdout").out == platform.passwords["shop"] != "old-shop"


def test_renewed_it_keeps_what_is_entrusted_to_it_under_the_new_authority(firm: Firm) -> None:
    told = firm.mia.json("key", "add-service", "night", "--purpose", "reconcile", "--until", "2098-12-31", "--accounts", "blog")
    assert (told["accounts"], told["sealed"], told["key"]) == (2, 1, None)
    assert next(row["service"]["accounts"] for row in firm.mia.json("key", "list")["keys"] if row["person"] == "night") == ["blog", "shop"]
    firm.mia.ok("rotate", "blog", "--because", "compromise")
    assert [row["account"] for row in firm.night.json("rotate", "--all-due", "--connector", "acme")["rotations"]] == ["blog"]


def test_accounts_need_a_purpose_that_asks_platforms(firm: Firm) -> None:
    told = firm.mia.run("key", "add-service", "other", "--purpose", "run-due", "--accounts", "shop")
    assert (told.code, "--accounts is for a service that asks platforms" in told.err) == (2, True)


def test_a_service_counts_as_nobody_who_could_stand_in_for_the_responsible_person(firm: Firm) -> None:
    """Two keyholders should open every secret: a service's key is none of them."""
    findings = firm.mia.json("status")["findings"]
    told = [one["message"] for one in findings if one["code"] == "openers" and one["subject"] == "shop"]
    assert told
    assert all("can be opened by 1 besides recovery" in one for one in told)
