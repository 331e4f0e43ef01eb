"""Roles on platforms, tools, devices and recovery addresses, from the first record to the departure in which they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

NOTHING = {"entitlement": "entitlements", "app": "apps", "device": "devices"}


def test_from_the_first_record_to_the_departure(acme: Any, tmp_path: Path) -> None:
    for command, key in NOTHING.items():
        assert acme.json(command, "list")[key] == []
        told = acme.run(command, "list")
        assert (told.code, told.out) == (0, "")
        assert f"govern {command} add" in told.err
    acme.ok("credential", "add", "shop", "--kind", "recovery-phone", stdin="004512345678")
    acme.ok("account", "edit", "shop", "--prompts-reach", "anna")
    added = acme.json("entitlement", "add", "shop", "anna", "--role", "Owner", "--login", "anna@private.example", "--since", "2024-06-30")
    assert added["schema"] == "govern.entitlement/1"
    (role,) = added["entitlements"]
    assert {"account": "shop", "person": "anna", "role": "Owner", "admin": True, "since": "2024-06-30"}.items() <= role.items()
    assert acme.json("entitlement", "add", "shop", "anna", "--role", "owner")["unchanged"] == ["shop"]
    (tool,) = acme.json("app", "add", "shop", "buffer", "--by", "anna", "--scope", "publish,read")["apps"]
    assert (tool["tool"], tool["by"], tool["scopes"]) == ("buffer", "anna", ["publish", "read"])
    (device,) = acme.json("device", "add", "anna", "--kind", "phone", "--name", "Phone 7", "--signed-in", "shop")["devices"]
    assert (device["state"], device["accounts"]) == ("held", ["shop"])
    (channel,) = acme.json("credential", "reaches", "shop", "--kind", "recovery-phone", "--personal", "--person", "anna")["channels"]
    assert (channel["reaches"], channel["person"], channel["told_by"]) == ("personal", "anna", "mia")

    codes = {finding["code"] for finding in acme.json("status")["findings"]}
    assert {"personal-channel", "sole-native-admin"} <= codes
    shown = acme.json("account", "show", "shop")["accounts"][0]
    held = acme.json("holds", "anna")
    for key in ("entitlements", "apps", "channels", "devices"):
        assert shown[key] == held[key] != []
    assert held["prompts"] == ["shop"]
    told = acme.ok("holds", "anna").out
    assert all(word in told for word in ("anna@private.example", "buffer", "Phone 7", "anna's own", "codes of shop reach them"))

    planned = acme.ok("offboard", "plan", "anna").err
    assert all(word in planned for word in ("codes of shop reach anna", "buffer is connected to shop by anna", "minutes of work", "mia ("))
    opened = acme.json("offboard", "open", "anna")
    case, (before,) = opened["case"]["id"], opened["preflight"]
    assert (before["person"], before["prompts"], before["tools"]) == ("anna", ["shop"], [{"account": "shop", "tool": "buffer"}])
    assert (before["changes"][0]["others"], before["free"][0]["person"]) == (["mia"], "mia")
    items = {item["kind"]: item for item in acme.json("offboard", "show", case)["items"] if item["state"] == "open"}
    assert set(items) == {"native-admin", "entitlement", "prompts", "recovery-channel", "rotate", "session", "app", "device"}
    assert (items["app"]["about"], items["device"]["about"], items["entitlement"]["about"]) == ("buffer", "Phone 7", "Owner")
    assert items["native-admin"]["blocking"]
    refused = acme.run("offboard", "done", case, str(items["native-admin"]["number"]))
    assert (refused.code, "govern entitlement add shop PERSON" in refused.err) == (4, True)
    (one,) = acme.json("offboard", "show", case, str(items["entitlement"]["number"]))["items"]
    assert one["command"] == "govern entitlement end shop anna --role Owner"
    assert any("People and Partners" in step["text"] for step in one["there"]["steps"])
    told = acme.ok("offboard", "show", case, str(items["app"]["number"]))
    assert "1. Apps and websites" in told.out
    assert "govern app end shop buffer --by anna" in told.err
    page = acme.json("offboard", "report", case, "--out", str(tmp_path))["files"][0]
    assert "Anna Sø still knows 1 secret, and 7 roles, tools, devices or recovery channels are still open." in Path(page).read_text()
    assert "Apps and websites: remove what is not needed" in Path(page).read_text()
    done = acme.json("entitlement", "add", "shop", "mia", "--role", "owner")["items"]
    assert [(one["number"], one["kind"]) for one in done] == [(1, "native-admin")]
    size = acme.json("ledger", "show")["entries"]
    tried = acme.json("entitlement", "end", "shop", "anna", "--dry-run")
    assert (tried["dry_run"], tried["items"], tried["entitlements"][0]["ended_at"]) == (True, [], None)
    assert acme.json("ledger", "show")["entries"] == size
    ended = acme.json("entitlement", "end", "shop", "anna")
    assert [one["kind"] for one in ended["items"]] == ["entitlement"]
    by_item = acme.json("offboard", "done", case, str(items["app"]["number"]))["items"][0]
    assert acme.json("app", "list", "shop", "--all")["apps"][0]["entry"] == by_item["entry"]
    assert acme.json("app", "list", "platform:instagram")["apps"] == []
    lost = acme.ok("device", "return", "phone 7", "--lost")
    assert "is done" not in lost.out
    assert "--kind device-lost" in lost.err
    assert [one["kind"] for one in acme.json("device", "return", "phone 7", "--wiped")["items"]] == ["session", "device"]
    acme.ok("account", "edit", "shop", "--prompts-reach", "mia")
    acme.ok("rotate", "shop", "--kind", "recovery-phone", "--already-changed", "--stdin", stdin="004587654321")
    acme.ok("rotate", "shop", "--already-changed", "--stdin", stdin="quite another secret")
    acme.ok("offboard", "refresh", case)
    left = [item["kind"] for item in acme.json("offboard", "show", case)["items"] if item["state"] == "open"]
    assert left == []
    cited = {item["kind"]: item["entry"] for item in acme.json("offboard", "show", case)["items"]}
    types = [entry["type"] for entry in acme.json("ledger", "show")["entries"]]
    assert types[cited["entitlement"]] == "entitlement.ended"
    assert acme.json("offboard", "close", case)["case"]["state"] == "closed"
    assert acme.json("entitlement", "list")["entitlements"][0]["person"] == "mia"
    assert len(acme.json("entitlement", "list", "--all")["entitlements"]) == 2


def test_every_slip_is_answered_with_the_way_on(acme: Any) -> None:
    acme.ok("entitlement", "add", "shop", "anna", "--role", "editor")
    slips = {
        2: [
            ("entitlement", "add", "shop", "anna", "--role", "x" * 101),
            ("entitlement", "add", "shop", "anna", "--role", "editor", "--since", "2999-01-01"),
            ("entitlement", "add", "shop", "anna"),
            ("device", "add", "anna", "--kind", "toaster"),
            ("credential", "reaches", "shop", "--kind", "password", "--company"),
            ("entitlement", "end", "shop", "anna", "--role", "editor", "--all"),
            ("device", "return", "phone 7", "--lost", "--wiped"),
        ],
        3: [
            ("entitlement", "end", "shop", "anna", "--role", "owner"),
            ("entitlement", "add", "shopp", "anna", "--role", "editor"),
            ("app", "end", "shop", "buffer"),
            ("device", "return", "phone 7"),
            ("credential", "reaches", "shop", "--kind", "recovery-email", "--company"),
        ],
    }
    for code, commands in slips.items():
        for words in commands:
            told = acme.run(*words)
            assert told.code == code, (words, told)
            assert "hint: " in told.err, words
