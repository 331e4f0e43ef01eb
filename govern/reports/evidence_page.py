"""The evidence of a departure laid out for people: headings, sentences and tables in the reader's language, as plain text.

Knows neither HTML nor paper: `html` and `values` put the same pages into the one and the other. Names are set apart from the text around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from govern.languages import Language, language
from govern.offboarding.wording import Told, sentence
from govern.reports.departure import BASES
from govern.reports.evidence import Claims
from govern.reports.evidence_lines import Bar, bars
from govern.reports.pack import Pack, Row
from govern.reports.page import environment, plain
from govern.reports.printed import Cell, Page, Section, apart, check


def html(pack: Pack, locale: str) -> str:
    """One page that loads nothing, readable in black and white; raises Usage for a language that there is not."""
    speech = language(locale)
    return environment(speech).get_template("evidence.html.j2").render(page=laid_out(pack, speech))


def values(pack: Pack, locale: str) -> dict[str, Any]:
    """The same as plain values, for a printer that is handed no markup."""
    return asdict(laid_out(pack, language(locale)))


def laid_out(pack: Pack, speech: Language) -> Page:
    return _Layout(pack, speech).page()


class _Layout:
    def __init__(self, pack: Pack, speech: Language) -> None:
        self.pack, self.speech, self.say = pack, speech, speech.say
        self.case, self.rows = pack.claims["case"], pack.rows
        self.secrets = [row for row in pack.rows if row.claims["kind"] == "rotate"]

    def page(self) -> Page:
        say, speech = self.say, self.speech
        return Page(
            locale=speech.locale,
            title=say("Evidence: departure of {person}").format(person=apart(self.pack.person.name)),
            subtitle=" · ".join([
                apart(self.pack.claims["organisation"]), say("made {time}").format(time=speech.when(self.pack.made_at)),
                say("case {id}").format(id=self.case["id"][:8]),
            ]),
            result=self._result(), facts=tuple(self._facts()),
            sections=(self._lines(), self._items(), self._attestation(), self._controls(), self._people(), self._check()),
        )  # fmt: skip

    # --- pieces of sentences ------------------------------------------------------------------------------------------------------

    def who(self, id_: str | None) -> str:
        return apart(self.pack.names.get(id_, id_[:8])) if id_ else ""

    def entry(self, index: int | None) -> str:
        return "" if index is None else self.say("entry {n}").format(n=index)

    def done(self, step: Claims | None) -> str:
        if step is None:
            return self.say("not yet")
        told = self.say("{time} by {person}").format(time=self.speech.when(step["at"]), person=self.who(step["by"]))
        return f"{told} ({self.entry(step['entry'])})"

    def _result(self) -> str:
        changed, states = sum(row.claims["rotated"] is not None for row in self.secrets), Counter(row.claims["state"] for row in self.rows)
        count = self.speech.count
        secrets = count("1 secret was within reach", "{n} secrets were within reach", len(self.secrets))
        rotated = count("1 was changed by somebody else since", "{n} were changed by somebody else since", changed)
        left = count("1 item is open", "{n} items are open", states["open"])
        given_up = states["waived"] + states["not-applicable"]
        rest = [left, *([count("1 given up with a reason", "{n} given up with a reason", given_up)] if given_up else [])]
        return f"{secrets}; {rotated}. {'; '.join(rest)}."

    def _facts(self) -> Iterable[tuple[str, str]]:
        say, case, speech = self.say, self.case, self.speech
        yield say("Kind"), say(case["kind"], "case kind")
        opened = self.done(case["opened"])
        if case["requested_by"]:
            opened += f"; {say('asked for by {person}').format(person=self.who(case['requested_by']))}"
        yield say("Opened"), opened
        planned = speech.when(case["cut_planned"] or "")
        yield say("Cut"), self.done(case["cut"]) if case["cut"] or not planned else say("planned for {time}").format(time=planned)
        if case["last_day"]:
            yield say("Last day"), speech.day(case["last_day"])
        yield say("Closed"), self.done(case["closed"])

    # --- sections -----------------------------------------------------------------------------------------------------------------

    def _lines(self) -> Section:
        """Each secret's line from revoked to rotated, beside the same in words."""
        say = self.say
        drawn = bars(
            [(row.claims["revoked"], row.claims["rotated"]) for row in self.secrets], begin=self.case["opened"]["at"], until=self.pack.made_at,
        )  # fmt: skip
        return Section(
            heading=say("From revoked to changed"),
            text=(
                say("Revoking ends a permission. Only changing the secret on the platform ends what somebody knows."),
                say("Nothing: no secret that works was shown to, sealed to, set by or otherwise within reach of this person.") if not drawn else
                say("The line of each secret begins with a circle, where the permission ended, and ends with a square, where the secret was changed; "
                    "an arrow: not yet. All lines have one scale, from {begin} to {until}.").format(
                    begin=self.speech.when(drawn[0].begin), until=self.speech.when(drawn[0].until)),
            ),
            head=(say("No."), say("Secret"), say("How"), say("Revoked"), say("Changed there"), say("Between"), say("Line")) if drawn else (),
            rows=tuple(self._line(row, bar) for row, bar in zip(self.secrets, drawn, strict=True)),
        )  # fmt: skip

    def _line(self, row: Row, bar: Bar) -> tuple[Cell, ...]:
        say, speech, claims = self.say, self.speech, row.claims
        revoked, rotated = claims["revoked"], claims["rotated"]
        secret = f"{say(row.told.credential, 'credential')}, {say('version {n}').format(n=claims['version'])}"
        known = [
            " ".join([say(BASES[one["basis"]], "basis"), *([f"({self.entry(one['entry'])})"] if one["entry"] is not None else [])])
            for one in claims["known"]
        ]
        between = self._between(revoked, rotated, claims["lag_minutes"])
        drawing = bar.titled(f"{plain(row.told.account)}: {secret}", self._drawn(revoked, rotated, between))
        return (
            Cell(text=str(claims["number"])), Cell(text=apart(row.told.account), small=(row.platform, secret)), Cell(small=tuple(known)),
            Cell(text=speech.when(revoked["at"]) if revoked else say("not yet"), small=(self.entry(revoked["entry"]),) if revoked else ()),
            Cell(text=speech.when(rotated["at"]) if rotated else say("not yet"), small=tuple(self._change(rotated)) if rotated else ()),
            Cell(text=between), Cell(bar=drawing),
        )  # fmt: skip

    def _change(self, rotated: Claims) -> Iterable[str]:
        say, speech = self.say, self.speech
        yield say("proof: {grade}, entry {n}").format(grade=say(rotated["grade"], "grade"), n=rotated["entry"])
        if rotated["changed_at"]:
            yield say("on the platform: {time}").format(time=speech.when(rotated["changed_at"]))
        if rotated["residual_until"] and rotated["residual_until"] > self.pack.made_at:
            yield say("may still be signed in until {time}").format(time=speech.when(rotated["residual_until"]))

    def _between(self, revoked: Claims | None, rotated: Claims | None, lag: int | None) -> str:
        if not (revoked and rotated):
            return ""
        return self.say("changed before") if lag is None else self.speech.lasting(lag) or self.say("under a minute")

    def _drawn(self, revoked: Claims | None, rotated: Claims | None, between: str) -> str:
        told = [f"{self.say('Revoked')}: {self.speech.when(revoked['at']) if revoked else self.say('not yet')}"]
        told.append(f"{self.say('Changed there')}: {self.speech.when(rotated['at']) if rotated else self.say('not yet')}")
        return "; ".join([*told, *([f"{self.say('Between')}: {between}"] if between else [])])

    def _items(self) -> Section:
        say = self.say
        if not self.rows:
            return Section(heading=say("Every item"), text=(say("Nothing held: there was nothing to end, to hand over or to change."),))
        head = (
            say("No."),
            say("Account"),
            say("What"),
            say("By", "deadline"),
            say("How it ended"),
            say("Recorded"),
            say("On the platform"),
        )
        return Section(heading=say("Every item"), head=head, rows=tuple(self._item(row) for row in self.rows))

    def _item(self, row: Row) -> tuple[Cell, ...]:
        say, speech, claims = self.say, self.speech, row.claims
        asked = sentence(_named(row.told), say)
        proof = claims["rotated"] if claims["kind"] == "rotate" else claims["borne_out"]
        state = say("open", "item state") if claims["state"] == "open" else say(claims["state"], "item state")
        details = [say("proof: {grade}").format(grade=say(claims["grade"], "grade"))] if claims["grade"] else []
        details += [say("evidence, SHA-256 {digest}").format(digest=step["evidence"]) for step in claims["history"] if step["evidence"]]
        there = proof.get("changed_at") or proof.get("on") or "" if proof else ""
        recorded = [f"{self._did(step)}: {self.done(step)}" for step in claims["history"]]
        return (
            Cell(text=str(claims["number"])), Cell(text=apart(row.told.account) if row.told.account else ""),
            Cell(text=asked, small=(apart(row.note),) if row.note else ()), Cell(text=speech.when(claims["due"])),
            Cell(text=state, small=tuple(details)), Cell(small=(*recorded, *([self._shown(proof)] if proof and claims["state"] == "done" else []))),
            Cell(text=speech.when(there) if "T" in there else speech.day(there)),
        )  # fmt: skip

    def _shown(self, proof: Claims) -> str:
        return self.say("borne out by: {what}").format(what=self.done(proof))

    def _did(self, step: Claims) -> str:
        match step["did"]:
            case "assigned":
                return self.say("assigned to {person}").format(person=self.who(step["person"]))
            case "verified":
                return self.say("looked at")
            case "reopened":
                return self.say("opened again")
            case did:
                told = self.say(did, "item state")
                return f"{told}, {self.say('on behalf of {person}').format(person=self.who(step['person']))}" if step["person"] else told

    def _attestation(self) -> Section:
        say, closed = self.say, self.case["closed"]
        if closed is None:
            return Section(
                heading=say("Attestation"), text=(say("Not yet: the case is not closed. This is what was so when the pack was made."),)
            )
        names = {"person": self.who(closed["by"]), "time": self.speech.when(closed["at"])}
        alone = say(
            "{person} attested on {time} that this departure is complete; signed by one: the same person did the work, and nobody else could have"
            " looked at it."
        )
        text = (alone if closed["signed_by_one"] else say("{person} attested on {time} that this departure is complete.")).format(**names)
        words = (f"«{apart(self.pack.statement)}»",) if self.pack.statement else ()
        return Section(heading=say("Attestation"), text=(f"{text} ({self.entry(closed['entry'])})", *words))

    def _controls(self) -> Section:
        """Which controls are answered, and by which items."""
        say, answered = self.say, dict[str, list[str]]()
        steps: tuple[tuple[str, str], ...] = (("opened", say("Opened")), ("cut", say("Cut")), ("closed", say("Closed")))
        for step, called in steps:
            for id_ in self.pack.case_controls[step] if self.case[step] else ():
                answered.setdefault(id_, []).append(called)
        for row in self.rows:
            for id_ in row.controls if row.claims["state"] != "open" else ():
                answered.setdefault(id_, []).append(str(row.claims["number"]))
        return Section(
            heading=say("Controls"), text=(say(
                "Which requirements this is evidence for; numbers are those of the items that have ended. Read the standard for what it asks."
            ),),
            head=(say("Control"), say("Shown by")),
            rows=tuple((Cell(text=id_), Cell(text=_ranges(found))) for id_, found in sorted(answered.items())),
        )  # fmt: skip

    def _people(self) -> Section:
        say = self.say
        return Section(
            heading=say("Who is who"), text=(say("The ledger knows people by numbers alone. Names are this vault's word, can be erased, and are not proven."),),
            head=(say("Name"), say("Number in the ledger")),
            rows=tuple((Cell(text=apart(name)), Cell(text=id_, mono=True)) for id_, name in self.pack.names.items()),
        )  # fmt: skip

    def _check(self) -> Section:
        say = self.say
        return Section(
            heading=say("How to check this"), text=check(self.pack.vault, say), pre=self.pack.checkpoint,
            points=(say("Whoever has the vault: {verify}, and {compare} with the lines above in a file.").format(
                verify="govern ledger verify --deep", compare="govern ledger compare checkpoint.note"),),
        )  # fmt: skip


def _named(told: Told) -> Told:
    return Told(
        kind=told.kind, person=apart(told.person), account=told.account, credential=told.credential, version=told.version,
        about=told.about if told.kind in ("withdraw-role", "revoke-key") or not told.about else apart(told.about),
    )  # fmt: skip


def _ranges(found: list[str]) -> str:
    """Numbers in a row as 3–7; words as they are."""
    told: list[str] = []
    numbers = [int(one) for one in found if one.isdecimal()]
    for at in numbers:
        if told and int(told[-1].split("–")[-1]) == at - 1:
            told[-1] = f"{told[-1].split('–')[0]}–{at}"
        else:
            told.append(str(at))
    return ", ".join([*(one for one in found if not one.isdecimal()), *told])
