"""What is made from models and profiles and shipped: it is what would be made now, and the makers find contradictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from govern.errors import Failed, Malformed, NotFound
from govern.languages import LOCALES
from govern.policy import compiled, files
from govern.policy.document import read_document
from govern.policy.platforms import profile
from govern.policy.profile import from_entry
from govern.vocabulary import KINDS

from ...conftest import ROOT


def test_shipped_files_are_what_would_be_made_now() -> None:
    """After a change of a model or a profile: python -m govern.policy.compiled."""
    made = compiled.texts()
    assert set(made) == {
        "schema/policy.schema.json",
        "schema/platform.schema.json",
        "schema/hr.schema.json",
        "schema/incident.schema.json",
        "platforms.json",
    }
    for path, text in made.items():
        assert files.shipped(path).decode() == text, path


def test_the_table_of_the_page_is_what_would_be_made_now() -> None:
    text = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    assert compiled.page_with(text, compiled.table()) == text
    assert compiled.page_with(text, "other\n") != text, "the control: the marks are there"


def test_the_pages_of_what_platforms_need_are_what_would_be_made_now() -> None:
    """Control: the English one says what each profile says, so that a changed statement changes it; the others do not say it in English."""
    pages = compiled.needs_pages()
    assert len(pages) == len(LOCALES)
    for name, text in pages.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, name
    for entry in compiled.platforms():
        about = from_entry(entry)
        plain = {one.text.rstrip(".").replace("<", "&lt;") for one in about.statements() if one.text}
        assert {text for text in plain if text not in pages["platform-needs.md"]} == set(), about.id
        for name, text in pages.items():
            assert f"\n## {about.name}\n" in text
            assert name == "platform-needs.md" or not [one for one in plain if len(one) > 40 and one in text], name


def test_the_reference_of_policies_is_what_would_be_made_now_and_names_every_section() -> None:
    """Control: with a field more it would be another page."""
    text = (ROOT / "docs" / "policy-reference.md").read_text(encoding="utf-8")
    assert compiled.reference_page() == text
    schema = compiled.policy_schema()
    assert {line[3:] for line in text.splitlines() if line.startswith("## ")} == set(schema["properties"]) - {"version", "presets"}
    schema["$defs"]["Limits"]["properties"]["usual"] = {"type": "integer"}
    assert compiled.reference.page(schema, {}) != compiled.reference.page(compiled.policy_schema(), {})


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        here = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return here + [found for one in value.values() for found in references(one)]
    return [found for one in value for found in references(one)] if isinstance(value, list) else []


@pytest.mark.parametrize("make", [compiled.policy_schema, compiled.platform_schema, compiled.hr_schema], ids=["policy", "platform", "hr"])
def test_a_schema_is_closed_and_refers_only_to_itself(make: Callable[[], dict[str, Any]]) -> None:
    schema = make()
    assert schema["additionalProperties"] is False
    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} <= set(schema["$defs"])


def test_the_schema_asks_for_rules_and_lets_presets_leave_them_out() -> None:
    schema = compiled.policy_schema()
    assert schema["$defs"]["Limits"]["required"] == ["least", "most"]
    assert "required" not in schema["$defs"]["LimitsChange"]
    assert "required" in schema["$defs"]["SecondPersonChange"]["properties"]
    assert set(schema["$defs"]["Preset"]["properties"]) == set(schema["properties"]) - {"version", "presets"}


def test_the_schema_knows_every_kind() -> None:
    assert set(KINDS) == set(compiled.policy_schema()["$defs"]["Rotation"]["properties"]["low"]["propertyNames"]["enum"])


def test_every_key_of_the_shipped_policy_is_in_its_schema() -> None:
    document = read_document(files.policy_text(), name="default.yaml")
    assert set(document.root) == set(compiled.policy_schema()["properties"])


def test_profiles_lead_editors_to_their_schema() -> None:
    head = b"# yaml-language-server: $schema=../schema/platform.schema.json\n"
    assert all(text.startswith(head) for text in files.platform_texts().values())


class TestContradictions:
    """Two profiles can't claim the same thing; each with the untouched copy that passes. What is the same in all cases is read once."""

    read = staticmethod(cache(read_document))

    def texts(self, monkeypatch: pytest.MonkeyPatch, **changed: bytes) -> None:
        monkeypatch.setattr(compiled, "platform_texts", lambda: files.platform_texts() | changed)
        monkeypatch.setattr(compiled, "read_document", self.read)

    def changed(self, one: str, old: bytes, new: bytes) -> bytes:
        text = files.platform_texts()[one]
        assert old in text
        return text.replace(old, new, 1)

    def test_the_untouched_profiles_pass(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts(monkeypatch)
        assert len(compiled.platforms()) == len(files.platform_texts())

    @pytest.mark.parametrize(
        ("one", "old", "new", "message"),
        [
            ("x", b"hosts: [x.com", b"hosts: [facebook.com", "facebook.com: belongs to facebook already"),
            ("x", b"[com.twitter.android", b"[com.discord", "com.discord: belongs to discord already"),
            ("x", b"words: [twitter]", b"words: [instagram]", "title instagram: belongs to instagram already"),
            ("x", b"id: x", b"id: twitter", "id: is not x, the name of the file"),
            ("x", b"https://x.com", b"http://x.com", "change-password.url: is not of the right form"),
            ("x", b"kinds: [password", b"kinds: [pasword", "kinds.0: input should be"),
            ("x", b"grade: guided", b"grade: certain", "grade: input should be"),
            ("x", b"checked-on: 2026-11-21", b"checked-on: yesterday", "checked-on: is not of the right form"),
            ("x", b"password: {min: 8,", b"password: {min: 8, max: 800000,", "password.max: input should be less"),
            ("x", b"password: {min: 8,", b"password: {min: 80, max: 20,", "password: min is more than max"),
            ("x", b"password: {min: 8,", b"password: {needs: [symbol], symbols: '',", "password: a symbol is needed and none is allowed"),
            ("x", b"password: {min: 8,", b"password: {max-consecutive: 0,", "password.max-consecutive: input should be greater"),
            ("x", b"native: full", b"native: maybe", "delegation.native: input should be"),
            ("x", b"minutes: 15", b"minutes: soon", "before.minutes: is no whole number"),
            ("x", b"  scheduled: {", b"  planned: {", "before.scheduled: is missing"),
            ("x", b"totp, backup-codes", b"backup-codes", "rotate tells of totp, which is none of its kinds"),
            ("x", b"  backup-codes:\n", b"  app-password:\n", "rotate says nothing of backup-codes"),
            ("x", b"grade: specification, source: api}", b"grade: specification, source: hearsay}", "hearsay is none of its sources"),
            ("x", b"source: help\nsources", b"source: hearsay\nsources", "hearsay is none of its sources"),
            ("x", b"https://help.x.com/", b"ftp://help.x.com/", "sources.help.url: is not of the right form"),
            ("bluesky", b"seconds: 7200", b"seconds: two", "residual.0.seconds: is no whole number"),
            ("threads", b"shared-with: [instagram]", b"shared-with: [orkut]", "shared-with: orkut is no other platform"),
        ],
    )
    def test_a_contradiction_names_file_and_thing(
        self, monkeypatch: pytest.MonkeyPatch, one: str, old: bytes, new: bytes, message: str
    ) -> None:
        self.texts(monkeypatch, **{one: self.changed(one, old, new)})
        with pytest.raises(Malformed, match=rf"^policies/platforms/{one}\.yaml:\d+: ") as caught:
            compiled.platforms()
        assert message in caught.value.message


class TestFiles:
    """Shipped files are found in the wheel and in the source tree, and nothing else is."""

    @pytest.mark.parametrize("path", ["../pyproject.toml", "/etc/hostname", "platforms", "", "a//b", "nothing.yaml", "..\\x", "a\0b"])
    def test_a_path_that_leads_elsewhere_is_not_found(self, path: str) -> None:
        with pytest.raises(NotFound):
            files.shipped(path)

    def test_the_installed_package_comes_first(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "default.yaml").write_bytes(b"installed")
        monkeypatch.setattr(files, "files", lambda package: tmp_path)
        assert files.policy_text() == b"installed"

    def test_a_damaged_installation_is_told(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        monkeypatch.setattr(files, "files", lambda package: tmp_path)
        monkeypatch.setattr(files, "__file__", str(tmp_path / "a" / "b" / "c.py"))
        with pytest.raises(Failed, match="not there"):
            files.policy_text()


def test_the_compiled_platforms_are_plain_json() -> None:
    assert {one["id"] for one in json.loads(files.shipped("platforms.json"))} >= {profile("x").id}
