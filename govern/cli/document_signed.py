"""The commands of `govern document` about who has signed: ack, verify, outstanding, report, sheet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from govern.cli import render, settings
from govern.cli.beside import Evidence, digest
from govern.errors import Refused, Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from govern.register.queries.documents import Acknowledgement, Version
    from govern.register.workspace import Workspace

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the document.")]
Which = Annotated[str, typer.Option("--version", metavar="HASH", help="Some first digits of the version's hash.")]
Locale = Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; yours where it is missing.")]


_STATES: Final = {
    "current": "signed the version in force", "earlier": "signed an earlier one", "waits": "signed on a sheet that a second person has yet to look at",
    "outstanding": "yet to sign", "not asked": "not asked",
}  # fmt: skip


def counted(states: Sequence[str]) -> str:
    """How many lines of the report are in which state, in a sentence."""
    number = Counter(states)
    told = ", ".join(f"{number[state]} {said}" for state, said in _STATES.items() if number[state])
    return f"{render.count(len(states), 'line')}{': ' if told else ''}{told}"


def text_of(workspace: Workspace, one: Version, locale: str) -> tuple[str, str]:
    """The language and the text: as named, else the reader's own, else the first that is there."""
    from govern.register.queries import documents, people

    db = workspace.view()
    texts = documents.texts(db, one)
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    if spoken not in texts:
        if locale or not texts:
            raise Refused(
                f"{one.name} is not there in {spoken}", rule="document-language", control="PL-4", hint=f"there is: {', '.join(texts) or 'nothing'}"
            )  # fmt: skip
        spoken = next(iter(texts))
    return spoken, texts[spoken]


def tell(one: Version, text: str) -> None:
    """The text as it was adopted, and which version it is."""
    for line in text.splitlines():
        render.line(render.safe(line))
    render.note(f"\n{one.name}, version {one.n}, {one.version}")


def row(one: Acknowledgement, names: dict[str, str]) -> dict[str, Any]:
    """One acknowledgement for JSON."""
    return {
        "document": one.name, "version": one.version, "number": one.n, "person": names.get(one.person, one.person), "how": one.how, "on": one.on,
        "locale": one.locale or None, "evidence": one.evidence or None, "recorded_at": one.at, "recorded_by": names.get(one.recorder, one.recorder),
        "counts": one.counts, "verified_by": names.get(one.verifier) if one.verifier else None, "entry": one.entry,
    }  # fmt: skip


def ack(
    name: Name,
    version: Which = "",
    locale: Locale = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="With --on-behalf: who signed a sheet.")] = "",
    on_behalf: Annotated[bool, typer.Option("--on-behalf", help="Record a sheet that somebody without keys has signed.")] = False,
    evidence: Evidence = None,
    on: Annotated[str, typer.Option(metavar="DATE", help="With --on-behalf: the day on the sheet.")] = "",
    json: Json = False,
) -> None:
    """Acknowledge a document with your own key, once it was shown to you; or record somebody's signed sheet."""
    if on_behalf or person:
        _on_behalf(name, version, locale, person, on_behalf, evidence, on, json=json)
        return
    from govern.procedures import documents as procedure
    from govern.register.queries import documents

    workspace = settings.workspace()
    db = workspace.view()
    one = documents.in_force(db, name)
    if version and (len(version) < 8 or not one.version.startswith(version.casefold())):
        raise Refused(
            f"{version[:64]!r} is not the version of {one.name} that is in force", rule="document-other", control="PL-4",
            hint=f"read it: govern document show {one.name}",
        )  # fmt: skip
    spoken, text = text_of(workspace, one, locale)
    if not version:
        if not settings.current.terminal:
            raise Usage("--version is missing: which text you have read", hint=f"govern document show {one.name}")
        from govern.cli.prompt import confirm

        tell(one, text)
        if not confirm(f"I have read {one.name} and will keep to it"):
            raise Usage("nothing was recorded", hint=f"ask whoever published it; later: govern document ack {one.name}")
    with workspace.transaction(settings.now()) as tx:
        new = procedure.sign(tx, one.name, one.version, locale=spoken)
    if json:
        render.emit("document", {"document": one.name, "version": one.version, "new": new, "locale": spoken})
        return
    render.line(f"you {'acknowledge' if new else 'have already acknowledged'} {one.name}, version {one.n}")
    render.next_step("govern todo", "what else is open for you")


def _on_behalf(
    name: str, version: str, locale: str, person: str, on_behalf: bool, evidence: Path | None, on: str, *, json: bool
) -> None:  # fmt: skip
    from govern.procedures import documents as procedure
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    if not on_behalf or not person:
        raise Usage("a signed sheet needs --person and --on-behalf", hint="your own signature needs neither")
    if evidence is None:
        raise Usage("--evidence is missing: a scan of the signed sheet", hint="--evidence FILE; its SHA-256 is recorded, not the file")
    spoken, shown = settings.locale(locale, lambda: "") if locale else "", digest(evidence)
    with settings.workspace().transaction(settings.now()) as tx:
        before = {one.id for one in documents.acknowledgements(tx.register, name=name)}
        one = procedure.record_sheet(tx, name, person, evidence=shown, on=on, version=version, locale=spoken)
        new, names = one.id not in before, handles(tx.register)
    if json:
        render.emit("document", {"acknowledgements": [row(one, names)], "new": new})
        return
    who, how = render.safe(names[one.person]), f"on a sheet of {one.on}" if one.how == "sheet" else "by their own key"
    render.line(f"{who} {'acknowledged' if new else 'has already acknowledged'} {one.name}, version {one.n}, {how}")
    if one.counts:
        render.next_step("govern document outstanding", "who else has yet to sign")
    else:
        render.note("it counts once a second person has looked at it, since you answer for an account that asks for it")
        render.next_step(f"govern document verify {one.name} {who}", "typed by another admin or HR")


def verify(name: Name, person: Annotated[str, typer.Argument(metavar="PERSON")], json: Json = False) -> None:
    """Say, as the second person, that you have seen the sheet somebody signed."""
    from govern.procedures import documents as procedure
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    with settings.workspace().transaction(settings.now()) as tx:
        done = {one.id for one in procedure.verify(tx, name, person)}
        names = handles(tx.register)
        found = [one for one in documents.acknowledgements(tx.register, name=name) if one.id in done]
    if json:
        render.emit("document", {"acknowledgements": [row(one, names) for one in found]})
        return
    for one in found:
        render.line(f"the sheet of {render.safe(names[one.person])} for {one.name}, version {one.n}, counts")
    render.next_step("govern document outstanding")


def outstanding(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only of this document.")] = "", json: Json = False
) -> None:  # fmt: skip
    """Who has yet to acknowledge what, until when, and how they do."""
    from govern.register.queries import documents
    from govern.register.queries.people import handles

    db, today = settings.workspace().view(), settings.now()[:10]
    if name:
        documents.find(db, name)
    found, names = [one for one in documents.outstanding(db) if name in ("", one.name)], handles(db)
    if json:
        render.emit("document", {
            "outstanding": [
                {
                    "document": one.name, "version": one.version, "person": names[one.person], "deadline": one.deadline, "late": one.deadline < today,
                    "keyholder": one.keyholder, "acknowledged_before": one.before, "waits_for_second_person": bool(one.waits),
                }
                for one in found
            ],
        })  # fmt: skip
        return
    render.table(
        ("document", "person", "deadline", "how"),
        [
            (
                one.name, names[one.person], f"{one.deadline}{' (late)' if one.deadline < today else ''}",
                "second person looks" if one.waits else "own key" if one.keyholder else "sheet",
            )
            for one in found
        ],
        empty="nobody has anything left to acknowledge",
    )  # fmt: skip
    for one in found[:1]:
        who = render.safe(names[one.person])
        if one.waits:
            render.next_step(f"govern document verify {one.name} {who}")
        elif one.keyholder:
            render.next_step(f"govern document ack {one.name}", f"typed by {who}")
        else:
            render.next_step(f"govern document sheet {one.name} --person {who} --out FILE", "to print, sign and scan")


def report(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only of this document.")] = "",
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="As a table that no spreadsheet takes for formulas.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="As a page to print.")] = None,
    locale: Annotated[str, typer.Option(metavar="L", help="Of the page: en, fr, nl, da, nb or es; yours where it is missing.")] = "",
    json: Json = False,
) -> None:
    """Everybody, with which version of which document they acknowledged when and how; also whoever acknowledged none."""
    from govern.cli.files import put_csv, write_new
    from govern.register.queries import documents, people
    from govern.reports import acknowledged

    workspace = settings.workspace()
    db: sqlite3.Connection = workspace.view()
    if name:
        documents.find(db, name)
    lines = acknowledged.collect(db, name)
    put_csv(csv, acknowledged.HEAD, map(acknowledged.cells, lines))
    if out is not None:
        spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
        write_new(settings.place(out), acknowledged.html(lines, spoken, now=settings.now()))
    if json:
        render.emit("document", {"report": [acknowledged.record(one) for one in lines]})
        return
    if csv is None and out is None:
        render.table(acknowledged.HEAD, map(acknowledged.cells, lines), empty="nothing is published")
    for file in (csv, out):
        if file is not None:
            render.line(f"wrote {render.safe(file)}")
    render.note(counted([one.state for one in lines]))


def sheet(
    name: Name,
    person: Annotated[str, typer.Option(metavar="PERSON", help="Who is to sign it.")] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="HTML to print.")] = None,
    locale: Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; theirs where it is missing.")] = "",
    json: Json = False,
) -> None:
    """Print the document in force for one person to sign, with a code that says which text and who."""
    from govern.cli.files import write_new
    from govern.register.queries import documents, people
    from govern.reports import document_sheet

    who = settings.need(person, "--person", "Person")
    file = Path(settings.need(str(out) if out else "", "--out", "File"))
    workspace = settings.workspace()
    db: sqlite3.Connection = workspace.view()
    one, reader = documents.in_force(db, name), people.find(db, who)
    theirs = settings.locale(locale, lambda: reader.locale)
    spoken, text = text_of(workspace, one, locale or (theirs if theirs in one.locales else ""))
    page = document_sheet.html(document_sheet.Sheet(one.name, one.version, one.n, one.deadline, reader.id, reader.name, text), spoken)
    write_new(settings.place(file), page)
    if json:
        render.emit(
            "document", {"file": str(file), "document": one.name, "version": one.version, "person": reader.handle, "locale": spoken}
        )
        return
    render.line(f"wrote {render.safe(file)}: {one.name}, version {one.n}, in {spoken}")
    if theirs != spoken:
        render.note(f"it has no text in {theirs}: look that they can read this one, or adopt a version that has")
    handle = render.safe(reader.handle)
    render.next_step(f"govern document ack {one.name} --person {handle} --on-behalf --evidence SCAN", "once it is signed and scanned")


def register(app: typer.Typer) -> None:
    """Make these verbs of `govern document`."""
    app.command("ack")(ack)
    app.command("verify")(verify)
    app.command("outstanding")(outstanding)
    app.command("report")(report)
    app.command("sheet")(sheet)
