"""The pages that people open or print, and the firms for which they are made: a page more is a line more in PAGES.

A page is what a command writes into a folder: in every language, for every firm. What is asked of it stands in `test_pages.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import ROOT
from tests.unit.notices.servers import real

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LONG = "Maximiliane-Friederike von Hohenzollern-Sigmaringen-Donaudampfschifffahrtsgesellschaft"
HOSTILE = "<script>document.title='taken'</script>\"'</style><img src=x onerror=alert(1)>\u202egro.live"

QUOTED = "\"' onload='alert(1) &lt;b&gt; \u202egro.live"
"""What gets into a person's name, which has no angle brackets."""


class Page(NamedTuple):
    """`command`: what writes it, {case}, {joiner}, {incident}, {out} and {locale} filled in;
    `file`: which of the files there it is. `without`: firms that have none; `paper`:
    whether it is meant to be printed; `made`: what writes it where no command does, into a folder, in a language."""

    name: str
    command: str
    file: str
    without: tuple[str, ...] = ()
    paper: bool = True
    made: Callable[[Any, Path, str], None] | None = None


def mails(story: Any, out: Path, locale: str) -> None:
    """What a mail program shows of the reminders of that firm. The server takes none of them, so that they are sent again in the next language."""
    rules = (
        (ROOT / "policies" / "default.yaml")
        .read_text(encoding="utf-8")
        .replace("quiet: {from: 20, until: 7}", "quiet: {from: 0, until: 0}")
    )
    (story.folder / "policy.yaml").write_text(rules, encoding="utf-8")
    story.ok("policy", "adopt", str(story.folder / "policy.yaml"))
    for number, one in enumerate(story.json("person", "list")["people"]):
        if one["status"] == "active":
            story.ok("person", "edit", one["handle"], "--locale", locale, "--mail", f"person-{number}@acme.example")
    out.mkdir(parents=True, exist_ok=True)
    with real(login=False) as inbox:
        inbox.data = "451 4.3.0 later"
        story.ok("channel", "add", locale, "--kind", "mail", "--tls", "local", "--port", str(inbox.port), "--sender", "govern@acme.example")
        story.run("remind")
        story.ok("channel", "end", locale)
    for number, data in enumerate(inbox.refused):
        body = message_from_bytes(data, policy=policy.default).get_body(("html",))
        assert body is not None
        (out / f"mail-{number}.html").write_text(body.get_content(), encoding="utf-8")


PAGES = (
    Page("departure", "offboard report {case} --out {out} --locale {locale}", "departure-*.html"),
    Page("checklist", "offboard report {case} --out {out} --locale {locale}", "checklist-*.html", without=("nothing held", "closed")),
    Page("reminder", "", "mail-*.html", without=("planned", "nothing held", "closed"), paper=False, made=mails),
    Page("incident", "incident report {incident} --out {out} --locale {locale}", "incident-*.html", without=("nothing held",)),
    Page("review", "review report {review} --out {out} --locale {locale}", "review-*.html", without=("nothing held",)),
    Page("switchboard", "spokesperson sheet --out {out}/switchboard.html --locale {locale}", "switchboard.html"),
    Page("welcome", "onboard report {joiner} --out {out} --locale {locale}", "welcome-*.html"),
    Page("document", "document sheet personal-use --person bent --out {out}/document.html --locale {locale}", "document.html"),
    Page("signed", "document report --out {out}/signed.html --locale {locale}", "signed.html"),
)


def _firm(vault: Any, leaver: str = "Anna Sø", colleague: str = "Bent Aagaard", organisation: str = "Acme") -> None:
    founder = ("--founder", "Mia Holm <mia@acme.example>", "--handle", "mia")
    vault.ok("init", "--organisation", organisation, *founder, "--preset", "small")
    vault.ok("person", "add", leaver, "--handle", "anna")
    vault.ok("person", "add", colleague, "--handle", "bent", "--locale", "da")


def _shop(vault: Any) -> str:
    """Some of everything: secrets changed and not, a role, a tool, a phone, a sheet with passwords; after the cut."""
    for account, platform in (("shop", "instagram"), ("blog", "wordpress"), ("channel", "youtube")):
        vault.ok("account", "add", account, "--platform", platform, "--login", "acme", "--url", f"https://{platform}.com/acme")
        vault.ok("credential", "add", account, "--kind", "password", stdin=f"{account}-secret")
        vault.ok("grant", account, "anna")
        vault.ok("handover", account, "anna", "--kind", "password", "--stdout")
    vault.ok("credential", "add", "shop", "--kind", "totp", stdin=SEED)
    vault.ok("known", "shop", "anna", "--kind", "totp")
    vault.ok("account", "custody", "blog", "bent")
    vault.ok("account", "edit", "channel", "--prompts-reach", "anna")
    vault.ok("entitlement", "add", "channel", "anna", "--role", "owner", "--admin")
    vault.ok("app", "add", "shop", "Hootsuite", "--by", "anna")
    vault.ok("place", "add", "Passwords.xlsx", "--kind", "sheet")
    vault.ok("place", "member", "Passwords.xlsx", "anna")
    vault.ok("place", "holds", "Passwords.xlsx", "--accounts", "shop")
    return _opened(vault, "--last-day", "2026-11-20")


def _opened(vault: Any, *more: str) -> str:
    return str(vault.json("offboard", "open", "anna", "--cut-at", "now", *more)["case"]["id"])


def some(vault: Any) -> str:
    _firm(vault)
    case = _shop(vault)
    vault.ok("rotate", "blog", "--already-changed", stdin="another-blog-secret")
    return case


def planned(vault: Any) -> str:
    _firm(vault)
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="shop-secret")
    vault.ok("known", "shop", "anna")
    return str(vault.json("offboard", "open", "anna", "--cut-at", "2099-11-30T13:00Z", "--last-day", "2099-11-30")["case"]["id"])


def many(vault: Any) -> str:
    """Sixty accounts, and names, logins and addresses as long as they come."""
    _firm(vault, LONG, f"Jean-{LONG}")
    rows = ["name,url,username,password"]
    for n in range(60):
        name = f"{n:02d} {'Brandaccountofthesubsidiary' * (1 + n % 3)}"
        rows.append(
            f"{name},https://{'sub.' * (n % 9)}instagram.com/{'path' * 20},{n}{'socialmediadepartment' * 3}@acme.example,secret-{n}"
        )
    file = vault.folder / "many.csv"
    file.write_text("\n".join(rows) + "\n")
    vault.ok("import", str(file), "--known-to", "anna")
    return _opened(vault)


def hostile(vault: Any) -> str:
    """Names that would be markup, style or the other direction, wherever a name may stand."""
    _firm(vault, f"Eve {QUOTED}", f"Bent {QUOTED}", HOSTILE)
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", HOSTILE.replace(" ", ""))
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="shop-secret")
    vault.ok("known", "shop", "anna", "--note", HOSTILE)
    vault.ok("place", "add", HOSTILE, "--kind", "sheet")
    vault.ok("place", "member", HOSTILE, "anna")
    vault.ok("place", "holds", HOSTILE, "--accounts", "shop")
    vault.ok("entitlement", "add", "shop", "anna", "--role", HOSTILE)
    case = _opened(vault)
    role = next(one["number"] for one in vault.json("offboard", "show", case)["items"] if one["kind"] == "entitlement")
    vault.ok("offboard", "done", case, str(role), "--note", HOSTILE)
    return case


def nothing_held(vault: Any) -> str:
    _firm(vault)
    return _opened(vault)


def closed(vault: Any) -> str:
    _firm(vault)
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="shop-secret")
    vault.ok("known", "shop", "anna")
    case = _opened(vault)
    vault.ok("rotate", "shop", "--already-changed", stdin="another-shop-secret")
    vault.ok("offboard", "close", case, "--statement", "Nothing of hers works any more.")
    return case


FIRMS: dict[str, Callable[[Any], str]] = {
    "some": some, "planned": planned, "many": many, "hostile": hostile, "nothing held": nothing_held, "closed": closed,
}  # fmt: skip


def _incident(story: Any) -> str | None:
    """The incident of that firm: of its first account, reported with markup, one step done and one skipped; a drill, so that no other
    page tells of it. None where it has no account."""
    found = story.json("incident", "list", "--all")["incidents"]
    if found:
        return str(found[0]["id"])
    accounts = [one["handle"] for one in story.json("account", "list")["accounts"]]
    if not accounts:
        return None
    report = story.json("incident", "report", "--account", accounts[0], "--kind", "takeover", "--note", f"{HOSTILE} {LONG * 3}")["report"][
        "id"
    ]
    story.ok("incident", "answer", report)  # a drill answers none, and what is unanswered would stand in reminders
    incident = str(story.json("incident", "drill", report, "--second", "bent")["incident"]["id"])
    picture = story.folder / "picture.png"
    picture.write_bytes(b"seen")
    story.ok("incident", "done", incident, "evidence", "--evidence", str(picture), "--note", QUOTED)
    story.ok("incident", "skip", incident, "platform", "--reason", LONG)
    return incident


def _spokespersons(story: Any) -> str:
    """Who speaks for the first account of that firm; nobody where it has none."""
    accounts = [one["handle"] for one in story.json("account", "list")["accounts"]]
    if accounts and not story.json("spokesperson", "list")["spokespersons"]:
        story.ok("spokesperson", "add", accounts[0], "bent", "--trained-on", "2026-11-01")
        story.ok("spokesperson", "add", accounts[0], "mia", "--trained-on", "2020-11-01")
    return ""


def _review(story: Any) -> str | None:
    """A review of all that is held in that firm, decided and closed, so that no reminder tells of it. None where nobody holds anything."""
    found = story.json("review", "list", "--all")["reviews"]
    if found:
        return str(found[0]["id"])
    if not any(one["holders"] for one in story.json("account", "list")["accounts"]):
        return None
    story.ok("review", "open", "--scope", "all")
    made = story.json("review", "list")["reviews"][0]
    story.ok("review", "decide", made["id"], "1", "keep", "--reason", f"{HOSTILE} {LONG * 3}")
    if made["lines"] > 1:
        story.ok("review", "decide", made["id"], "--keep", f"2-{made['lines']}", "--reason", QUOTED)
    story.ok("review", "close", made["id"])
    return str(made["id"])


def _document(story: Any) -> str:
    """A document in force whose gaps are filled with what is long and odd; mia has signed it."""
    if not story.json("document", "list")["documents"]:
        filled = {"organisation": f"{LONG} {HOSTILE}", "legal_contact": LONG, "report_contact": HOSTILE, "social_media_manager": QUOTED}
        story.ok(
            "document",
            "adopt",
            "personal-use",
            "--shipped",
            *(word for name, text in filled.items() for word in ("--set", f"{name}={text}")),
        )
        story.ok("document", "publish", "personal-use", "--deadline", "2099-12-31", "--to", "everybody")
        story.ok("document", "ack", "personal-use", "--version", story.json("document", "list")["documents"][0]["version"])
    return ""


def _joiner(story: Any) -> str:
    """The case of bent as somebody new in that firm, with all of its accounts and a document, so far ahead that no reminder tells of it."""
    found = story.json("onboard", "list")["cases"]
    if found:
        return str(found[0]["id"])
    _document(story)
    accounts = [word for one in story.json("account", "list")["accounts"] for word in ("--accounts", one["handle"])]
    return str(story.json("onboard", "open", "bent", "--starts-on", "2099-12-01", "--by-hand", *accounts)["case"]["id"])


MADE: dict[str, Callable[[Any], str | None]] = {
    "{incident}": _incident,
    "{joiner}": _joiner,
    "{review}": _review,
    "spokesperson sheet": _spokespersons,
    "document sheet": _document,
    "document report": _document,
}
"""What stands in a command -> what has to be there first, and its id; None where that firm has none."""


def written(story: Any, page: Page, case: str, locale: str) -> list[Path]:
    """The files of that page, in that language."""
    out = story.folder / "pages" / locale / (page.command.partition(" ")[0] or page.name)  # two commands may write files of one name
    if not out.exists() or not sorted(out.glob(page.file)):
        if page.made is not None:
            page.made(story, out, locale)
            return sorted(out.glob(page.file))
        about = next((made(story) for word, made in MADE.items() if word in page.command), "")
        if about is not None:
            out.mkdir(parents=True, exist_ok=True)
            story.ok(
                *(
                    word.format(case=case, incident=about, review=about, joiner=about, out=out, locale=locale)
                    for word in page.command.split()
                )
            )
    return sorted(out.glob(page.file))
