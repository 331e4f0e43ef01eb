"""What is made from the models and the profiles: three JSON Schemas, all platforms in one file, the table of
`docs/platforms.md`, `docs/platform-needs.md` in each language, and `docs/policy-reference.md`.

`python -m govern.policy.compiled` writes them again after a change; a test compares. Runs in the source tree only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from govern.languages import LOCALES, language
from govern.policy import needs, reference
from govern.policy.checked import checked
from govern.policy.document import malformed, read_document
from govern.policy.files import platform_texts, policy_text
from govern.policy.hr_model import HrFile
from govern.policy.incident_model import Playbook
from govern.policy.platform_model import PlatformProfile
from govern.policy.platforms import COMPILED
from govern.policy.policy_model import PolicyRules
from govern.policy.profile import GRADES, from_entry
from govern.vocabulary import PRESETS

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """JSON Schema of a policy file: the rules, and below `presets` the same with nothing required."""
    rules = PolicyRules.model_json_schema(by_alias=True)
    changes = {key: value for key, value in rules["properties"].items() if key != "version"}
    rules["$defs"] |= {f"{name}Change": _loosened(shape) for name, shape in rules["$defs"].items()}
    rules["$defs"]["Preset"] = {
        "title": "Preset",
        "description": "What differs from the rules above.",
        "type": "object",
        "additionalProperties": False,
        "properties": _loosened(changes),
    }
    rules["properties"]["presets"] = {
        "description": "What differs under each preset.",
        "type": "object",
        "additionalProperties": False,
        "properties": {preset: {"$ref": "#/$defs/Preset"} for preset in PRESETS},
    }
    return {"$schema": _DIALECT} | rules | {"title": "govern policy", "description": "Who may hold what, until when, and when it changes."}


def platform_schema() -> dict[str, Any]:
    """JSON Schema of a platform profile."""
    shape = PlatformProfile.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT} | shape | {"title": "govern platform profile"}


def hr_schema() -> dict[str, Any]:
    """JSON Schema of the map of an HR program's export."""
    shape = HrFile.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT} | shape | {"title": "govern HR map", "description": "How the export of an HR program is read."}


def incident_schema() -> dict[str, Any]:
    """JSON Schema of an incident playbook."""
    shape = Playbook.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT} | shape | {"title": "govern incident playbook", "description": "What is done when something went wrong."}


def platforms() -> list[dict[str, Any]]:
    """All profiles, by id, as written in their files; raises Malformed for a file that is wrong or that contradicts another."""
    profiles: list[dict[str, Any]] = []
    taken: dict[str, str] = {}
    for stem, data in platform_texts().items():
        name = f"policies/platforms/{stem}.yaml"
        document = read_document(data, name=name)
        one = checked(PlatformProfile, document.root, name=name, line=document.line)
        if one.id != stem:
            raise malformed(name, document.line(("id",)), f"id: is not {stem}, the name of the file")
        said = [*one.hosts, *one.apps, *one.paths, *(f"title {title}" for title in (*one.titles.words, *one.titles.whole))]
        for what in said:
            if what in taken:
                raise malformed(name, 1, f"{what}: belongs to {taken[what]} already")
            taken[what] = one.id
        profiles.append(one.model_dump(by_alias=True, exclude_unset=True, exclude={"version"}))
    ids = {one["id"] for one in profiles}
    for profile in profiles:
        for other in profile.get("shared-with", ()):
            if other not in ids or other == profile["id"]:
                raise malformed(f"policies/platforms/{profile['id']}.yaml", 1, f"shared-with: {other} is no other platform")
    return sorted(profiles, key=lambda one: str(one["id"]))


def _loosened(shape: Any) -> Any:
    """The same shape with nothing required, and with what it refers to alike."""
    if isinstance(shape, list):
        return [_loosened(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    return {
        key: f"{value}Change" if key == "$ref" else _loosened(value)
        for key, value in shape.items()
        if key != "required" or not isinstance(value, list)
    }


def texts() -> dict[str, str]:
    """Path below `policies/` -> text of every file that is made here."""
    made = {
        "schema/policy.schema.json": policy_schema(), "schema/platform.schema.json": platform_schema(), "schema/hr.schema.json": hr_schema(),
        "schema/incident.schema.json": incident_schema(),
        COMPILED: platforms(),
    }  # fmt: skip
    return {path: json.dumps(value, ensure_ascii=False, indent=1) + "\n" for path, value in made.items()}


BEGIN, END = "<!-- made from policies/platforms -->\n", "<!-- end -->\n"
"""Between these stands the table in `docs/platforms.md`."""

_DELEGATION: Final = {"full": "logins of their own", "partly": "partly", "none": "the shared password only"}


def table() -> str:
    """One row per platform, as Markdown: what people can be given, what survives, and how many statements have which grade."""
    rows = ["| platform | people get | kinds | " + " | ".join(GRADES) + " | looked at |", "|---|---|---|" + "---|" * len(GRADES) + "---|"]
    for entry in platforms():
        about = from_entry(entry)
        grades = [one.grade for one in about.statements()]
        counts = " | ".join(str(grades.count(grade) or "") for grade in GRADES)
        rows.append(
            f"| {about.name} (`{about.id}`) | {_DELEGATION[about.delegation]} | {', '.join(about.kinds)} | {counts} | {about.checked_on} |"
        )
    return "\n".join(rows) + "\n"


def needs_pages() -> dict[str, str]:
    """Name of the file below `docs/` -> text of what platforms need, in each language."""
    profiles = [from_entry(entry) for entry in platforms()]
    names = {locale: "platform-needs.md" if locale == "en" else f"platform-needs.{locale}.md" for locale in LOCALES}
    return {name: needs.page(profiles, language(locale)) for locale, name in names.items()}


def reference_page() -> str:
    """The text of `docs/policy-reference.md`."""
    return reference.page(policy_schema(), read_document(policy_text(), name="policies/default.yaml").root)


def page_with(text: str, made: str) -> str:
    """The text of the page with what is made put between the marks."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + made + END + rest.partition(END)[2]


def write(root: Path) -> None:
    """Write everything again below the top of a source tree."""
    for path, text in texts().items():
        root.joinpath("policies", path).write_text(text, encoding="utf-8")
    page = root / "docs" / "platforms.md"
    page.write_text(page_with(page.read_text(encoding="utf-8"), table()), encoding="utf-8")
    for name, text in needs_pages().items():
        (root / "docs" / name).write_text(text, encoding="utf-8")
    (root / "docs" / "policy-reference.md").write_text(reference_page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2])
