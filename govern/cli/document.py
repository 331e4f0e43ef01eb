"""`govern document`: what people sign. Adopt, list, show, diff, publish; the rest stands in `document_signed`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from govern.cli import document_signed, render, settings
from govern.cli.beside import DryRun
from govern.cli.document_signed import Json, Locale, Name, Which
from govern.errors import NotFound, Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from govern.register.queries.documents import Outstanding, Version

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_MOST: Final = 1 << 20


def row(one: Version, names: dict[str, str]) -> dict[str, Any]:
    """One version for JSON."""
    return {
        "name": one.name, "version": one.version, "number": one.n, "languages": list(one.locales), "adopted_at": one.at,
        "adopted_by": names.get(one.adopter, one.adopter), "published_at": one.published_at or None, "deadline": one.deadline or None,
        "audience": one.audience or None, "entry": one.entry,
    }  # fmt: skip


@app.command("adopt")
def adopt(
    name: Name,
    from_: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="PATH", help="A folder with en.md, fr.md …, or one such file; may be repeated."),
    ] = None,
    shipped: Annotated[bool, typer.Option("--shipped", help="Start from the document of this name that comes with govern.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What goes into a gap {NAME} of the text; NAME.fr=…: in that language."),
    ] = None,
    json: Json = False,
) -> None:
    """Take a document in, in all of its languages at once: a version is the hash of its texts."""
    from govern.holdings.documents import gaps, lacking
    from govern.procedures import documents as procedure
    from govern.register.queries.people import handles

    if shipped == bool(from_):
        raise Usage("either --shipped or --from is needed", hint=f"govern document adopt {render.safe(name)} --shipped, or: --from FOLDER")
    texts, values = procedure.starting_point(name) if shipped else _read(from_ or []), _values(set_ or [])
    odd = sorted(values.keys() - gaps(texts) - {f"{gap}.{locale}" for locale, text in texts.items() for gap in gaps({locale: text})})
    if odd:
        known = ", ".join(sorted(gaps(texts))) or "none"
        raise Usage(f"the text has no gap {', '.join(one[:80] for one in odd)}", hint=f"the gaps of the text: {known}")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        one, new = procedure.adopt(tx, name, texts, values)
        names = handles(tx.register)
    if json:
        render.emit("document", {"documents": [row(one, names)], "new": new, "missing": lacking(one.locales)})
        return
    told = "adopted" if new else "is there already:"
    render.line(f"{one.name} {told} version {one.n}, {one.version[:16]}, in {', '.join(one.locales)}")
    if lacking(one.locales):
        render.note(f"no text in {', '.join(lacking(one.locales))}")
    if not one.place:
        render.next_step(
            f"govern document publish {one.name} --deadline DATE",
            f"read it first: govern document show {one.name} --version {one.version[:8]}",
        )


@app.command("list")
def list_(name: Annotated[str, typer.Argument(metavar="[NAME]", help="Every version of this one.")] = "", json: Json = False) -> None:
    """Documents with the version in force; of one, every version."""
    from govern.procedures.documents import starting_points
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    db = settings.workspace().view()
    found = documents.find(db, name) if name else _newest(documents.versions(db))
    names = handles(db)
    if json:
        render.emit("document", {"documents": [row(one, names) for one in found]})
        return
    render.table(
        ("document", "number", "version", "languages", "published", "deadline", "for"),
        [
            (one.name, one.n, one.version[:16], ",".join(one.locales), render.day(one.published_at) or "not yet", one.deadline, one.audience)
            for one in found
        ],
        empty=f"no documents yet: govern document adopt {starting_points()[0]} --shipped",
    )  # fmt: skip


@app.command("show")
def show(name: Name, version: Which = "", locale: Locale = "", json: Json = False) -> None:
    """What a document says: the version in force, or the one that is named."""
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    db = workspace.view()
    one = documents.chosen(db, name, version)
    spoken, text = document_signed.text_of(workspace, one, locale)
    if json:
        render.emit("document", {**row(one, handles(db)), "locale": spoken, "text": text})
        return
    document_signed.tell(one, text)
    if one.place:
        render.next_step(f"govern document ack {one.name} --version {one.version[:16]}", "where you have read it")
    else:
        render.next_step(f"govern document publish {one.name} --deadline DATE")


@app.command("diff")
def diff(
    name: Name,
    version: Which = "",
    against: Annotated[str, typer.Option(metavar="HASH", help="The earlier one; else the one before.")] = "",
    locale: Locale = "",
    json: Json = False,
) -> None:
    """What has changed from one version to another, in one language."""
    from difflib import unified_diff

    from govern.register.queries import documents
    from govern.vocabulary import LANGUAGES

    workspace = settings.workspace()
    db = workspace.view()
    every = documents.find(db, name)
    new = documents.chosen(db, name, version) if version else every[-1]
    old = documents.chosen(db, name, against) if against else next((one for one in reversed(every) if one.n < new.n), None)
    if old is None:
        raise Usage(f"{name} has one version only", hint=f"govern document show {name}")
    spoken, after = document_signed.text_of(workspace, new, locale)
    _, before = document_signed.text_of(workspace, old, spoken)
    earlier, later = (f"{one.name} {one.n} {one.version[:16]}" for one in (old, new))
    lines = list(unified_diff(before.splitlines(), after.splitlines(), earlier, later, lineterm=""))
    if json:
        render.emit("document", {"name": new.name, "from": old.version, "to": new.version, "locale": spoken, "diff": lines})
        return
    for line in lines:
        render.line(render.safe(line))
    if not lines:
        render.note(f"they are the same in {spoken}")
        now, then = documents.texts(db, new), documents.texts(db, old)
        for other in (one for one in LANGUAGES if now.get(one) != then.get(one)):
            render.next_step(f"govern document diff {new.name} --locale {other}", "there they differ")
    if not new.place:
        render.next_step(f"govern document publish {new.name} --deadline DATE")


@app.command("publish")
def publish(
    name: Name,
    deadline: Annotated[str, typer.Option(metavar="DATE", help="Until when what was signed before still counts.")] = "",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="WHOM", help="everybody, holders, or a person (may be repeated); else as before, or as the policy says."
        ),
    ] = None,
    version: Which = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Put a version in force, the newest unless one is named: acknowledgements are asked for anew, until a deadline."""
    from govern.procedures import documents as procedure
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    by = settings.need(deadline, "--deadline", "Deadline")
    workspace = settings.workspace()
    if dry_run:
        one, asked = procedure.plan(workspace.view(), name, today=settings.now()[:10], deadline=by, to=to or (), version=version)
        _tell_plan(workspace.view(), one, asked, to or (), json=json)
        return
    with workspace.transaction(settings.now()) as tx:
        one = procedure.publish(tx, name, deadline=by, to=to or (), version=version)
        waiting = [each for each in documents.outstanding(tx.register) if each.document == one.document]
        names, every = handles(tx.register), documents.find(tx.register, name)
    if json:
        render.emit("document", {"documents": [row(one, names)], "outstanding": len(waiting), "dry_run": False})
        return
    render.line(
        f"{one.name} version {one.n} is in force; {render.count(len(waiting), 'person', 'people')} to acknowledge it by {one.deadline}"
    )
    if not to:
        render.note(_whom(one, again=any(0 < each.place < one.place for each in every), done=True))
    render.next_step("govern document outstanding", "who has yet to sign, and how")


def _tell_plan(db: sqlite3.Connection, one: Version, asked: Sequence[Outstanding], to: Sequence[str], *, json: bool) -> None:
    """Who would be asked, and the same without --dry-run."""
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    names = handles(db)
    if json:
        people = [names.get(each.person, each.person) for each in asked]
        render.emit("document", {"documents": [row(one, names)], "outstanding": len(asked), "people": people, "dry_run": True})
        return
    render.line(
        f"{one.name} version {one.n} would be in force; {render.count(len(asked), 'person', 'people')} would have to acknowledge it by {one.deadline}"
    )
    for each in asked:
        render.line(f"  {render.safe(names.get(each.person, each.person))}, {'with their own key' if each.keyholder else 'on a sheet'}")
    if not to:
        render.note(_whom(one, again=any(each.place for each in documents.find(db, one.name)), done=False))
    whom = "".join(f" --to {render.safe(each)}" for each in to)
    render.next_step(f"govern document publish {one.name} --deadline {one.deadline}{whom}", "the same without --dry-run")


def _whom(one: Version, *, again: bool, done: bool) -> str:
    """Whom a version is for where nobody said it."""
    why = "as the version before" if again else "as the policy says"
    match one.audience:
        case "everybody":
            return f"it is for everybody, {why}"
        case "holders":
            return f"it is for whoever holds an account, {why}; --to everybody{', with the next version,' if done else ''} asks all who are here"
        case _:
            return f"it is for the people who were named, {why}"


def _newest(found: Sequence[Version]) -> list[Version]:
    """Of each document the version in force and a newer one that waits."""
    last = {one.name: one for one in sorted(found, key=lambda one: (one.place > 0, one.place, one.n))}
    return [one for one in found if one == last[one.name] or (not one.place and one.n > last[one.name].n)]


def _read(paths: Sequence[Path]) -> dict[str, str]:
    """Language -> text, of folders and files that are called after their language."""
    from govern.bounded import contents
    from govern.procedures.documents import read
    from govern.vocabulary import LANGUAGES

    files: list[Path] = []
    for path in map(settings.place, paths):
        files += [path / f"{locale}.md" for locale in LANGUAGES if (path / f"{locale}.md").is_file()] if path.is_dir() else [path]
    found: dict[str, str] = {}
    for file in files:
        if not file.exists():
            raise NotFound(f"there is no file or folder {file}", hint="check the name")
        locale = file.stem.casefold()
        if locale not in LANGUAGES:
            raise Usage(f"{file.name} is named after no language", hint=f"call it one of {', '.join(f'{one}.md' for one in LANGUAGES)}")
        if locale in found:
            raise Usage(f"there are two texts in {locale}", hint="name one file for each language")
        found[locale] = read(contents(file, _MOST), file.name)
    if not found:
        raise Usage("there is no text in it", hint=f"a folder with one of {', '.join(f'{one}.md' for one in LANGUAGES)}")
    return found


def _values(pairs: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise Usage(f"--set {pair[:80]!r} has no name and value", hint="--set organisation='Acme Ltd'")
        values[name.strip()] = value.strip()
    return values


document_signed.register(app)
