"""The facts of what is done about it: reviews, documents, channels, incidents, rotations, ways in, reminders, cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from govern import vocabulary as words
from govern.facts.fact import Fact, fact
from govern.fields import blank_or, count, date, digest, flag, handle, hexed, id_, many, record, row, server, signature, text, time, word

_note, _label = text(2000), text(100)
_lines = many(row(id_, date, text(6)), 500)
"""Of each line of a digest: the thing, its due day, and the stage, in days from that day."""

DONE: Final[Mapping[str, Fact]] = {
    # access reviews: whether those who hold accounts and roles still need them
    "review.opened": fact(
        review=id_, scope=word(*words.REVIEW_SCOPES), cause=word(*words.REVIEW_CAUSES), due=date, items=count, optional={"about": id_, "department": _label}
    ),
    "review.items": fact(review=id_, part=count, of=count, items=many(row(word(*words.REVIEWED), id_, id_), 300)),
    "review.decided": fact(review=id_, items=many(id_, 300), decision=word("keep", "end"), personal={"reason": _note}),
    "review.closed": fact(review=id_),
    # what people have read, signed and been trained in
    "document.adopted": fact(
        document=id_, name=handle, version=digest, texts=many(row(word(*words.LANGUAGES), digest, count), len(words.LANGUAGES)),
        personal={locale: text(words.MOST_TEXT) for locale in words.LANGUAGES},
    ),
    "document.published": fact(
        document=id_, version=digest, deadline=date, audience=word(*words.AUDIENCES), optional={"people": many(id_, 500)}
    ),
    "acknowledgement.given": fact(
        acknowledgement=id_, document=id_, version=digest, person=id_, how=word(*words.SIGNED),
        optional={"evidence": digest, "on": date, "locale": word(*words.LANGUAGES)},
    ),
    "acknowledgement.verified": fact(acknowledgement=id_),
    "training.recorded": fact(training=id_, person=id_, subject=handle, on=date, optional={"evidence": digest}),
    "channel.reaches": fact(credential=id_, version=count, reach=word(*words.REACHES), optional={"person": id_}),
    # by which ways messages go out
    "channel.set": fact(
        channel=id_, name=handle, kind=word(*words.CHANNEL_KINDS),
        optional={"credential": id_, "tls": word(*words.TLS), "port": count},
        personal={"host": text(253), "sender": text(320), "login": text(500), "reply_to": text(320)},
    ),
    "channel.ended": fact(channel=id_),
    "channel.opened": fact(channel=id_, credential=id_, version=count),
    "channel.tested": fact(channel=id_, person=id_),
    "channel.answered": fact(channel=id_, works=flag),
    # something went wrong: reports, incidents, freezes
    "incident.reported": fact(
        report=id_, kind=word(*words.INCIDENT_KINDS), answer_by=time, optional={"account": id_, "on_behalf": id_}, personal={"note": _note}
    ),
    "incident.answered": fact(report=id_, optional={"account": id_}),
    "incident.opened": fact(
        incident=id_, kind=word(*words.INCIDENT_KINDS), lead=id_, steps=many(row(word(*words.INCIDENT_STEPS), word(*words.INCIDENT_HANDS)), 20),
        optional={"account": id_, "second": id_, "report": id_, "drill": flag},
    ),
    "incident.step_ended": fact(
        incident=id_, step=word(*words.INCIDENT_STEPS), state=word("done", "skipped"), optional={"evidence": digest}, personal={"note": _note}
    ),
    "incident.joined": fact(incident=id_, person=id_),
    "incident.cleared": fact(incident=id_),
    "incident.closed": fact(incident=id_, personal={"lessons": _note}),
    "freeze.begun": fact(freeze=id_, look_again=date, allowed=many(id_, 50), optional={"account": id_, "incident": id_}),
    "freeze.ended": fact(freeze=id_),
    # rotation
    "rotation.opened": fact(rotation=id_, credential=id_, trigger=word(*words.TRIGGERS), optional={"person": id_, "due": time}),
    "rotations.opened": fact(
        rotations=many(row(id_, id_, blank_or(time)), 500), trigger=word(*words.TRIGGERS), optional={"person": id_},
    ),
    "rotation.rejected": fact(rotation=id_, version=count),
    "rotation.unknown": fact(rotation=id_),
    "rotation.aborted": fact(rotation=id_),
    "rotation.lost": fact(rotation=id_),
    "rotation.connected": fact(
        rotation=id_, connector=_label, distribution=_label, release=_label,
        optional={"version": count, "by": id_, "server": server, "confirmed": flag, "awaits": word("mailed-code")},
    ),
    "rotation.cleared": fact(rotation=id_, optional={"connector": _label, "by": id_, "server": server, "confirmed": flag}),
    "rotation.probed": fact(rotation=id_, version=count, answer=word(*words.ANSWERS), optional={"retry_at": time}),
    "rotation.confirmed": fact(
        rotation=id_, version=count, grade=word(*words.GRADES),
        optional={"sessions_cut": flag, "residual_until": time, "cut": many(word(*words.CUTS), 8), "earlier": hexed(16384)},
    ),
    # ways into an account besides its secrets, as a connector finds and ends them
    "way.ending": fact(
        way=id_, account=id_, kind=_label, connector=_label, distribution=_label, release=_label, server=_label, optional={"by": id_},
        personal={"name": text(500), "ref": text(500)},
    ),
    "way.ended": fact(way=id_, account=id_, gone=flag),
    # reminders: one run at a time, and what each person was told of
    "run.leased": fact(lease=id_, purpose=word(*words.RUNS), until=time),
    "run.released": fact(lease=id_),
    "digest.sent": fact(person=id_, message=_label, channel=_label, locale=_label, lines=_lines),
    "digest.failed": fact(person=id_, message=_label, channel=_label, outcome=word("later", "refused"), personal={"reason": _note}),
    "notice.snoozed": fact(kind=word(*words.NOTICES), of=id_, until=date, optional={"about": id_}, personal={"reason": _note}),
    "notice.acknowledged": fact(kind=word(*words.NOTICES), of=id_, optional={"about": id_}),
    # cases: in a compartment of their own readers
    "case.opened": fact(
        "case", case=id_, person=id_, kind=word(*words.CASE_KINDS), items=count, frozen=digest, frozen_at=count,
        optional={
            "cut_at": time, "last_day": date, "requested_by": id_, "evidence": digest, "order": signature, "kept": many(id_),
            "keys": many(id_, 200), "accounts": many(id_), "starts_on": date,
        },
    ),
    "case.items": fact("case", case=id_, part=count, of=count, items=many(record, 200)),
    "case.cut": fact("case", case=id_),
    "case.item_assigned": fact("case", case=id_, item=id_, person=id_),
    "case.item_ended": fact(
        "case", case=id_, item=id_, state=word("done", "waived", "not-applicable"),
        optional={"evidence": digest, "grade": word(*words.GRADES), "entry": count, "on_behalf": id_},
        personal={"note": _note},
    ),
    "case.item_verified": fact("case", case=id_, item=id_),
    "case.item_reopened": fact("case", case=id_, item=id_, personal={"note": _note}),
    "case.closed": fact("case", case=id_, signed_by_one=flag, personal={"statement": _note}),
    "case.digest_sent": fact("case", case=id_, person=id_, message=_label, channel=_label, locale=_label, lines=_lines),
    "case.digest_failed": fact(
        "case", case=id_, person=id_, message=_label, channel=_label, outcome=word("later", "refused"), personal={"reason": _note}
    ),
    "case.notice_snoozed": fact("case", case=id_, until=date, optional={"item": id_}, personal={"reason": _note}),
    "case.notice_acknowledged": fact("case", case=id_, optional={"item": id_}),
}  # fmt: skip
