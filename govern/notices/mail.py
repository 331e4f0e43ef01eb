"""Sending messages by mail: one connection for all of them, and one recipient who is refused holds up nobody else. Knows no ledger."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from govern.notices.letter import Mailbox, letter, mailbox
from govern.notices.message import Delivery, Message, Outcome
from govern.notices.smtp import Mail, Session, Tls, Unsendable, connect, numbers, why
from govern.vault.secret import Secret

Connect = Callable[[Mail, Secret | None], Session]
_TRIES: Final = 2
"""Connections that one message may cost."""
_BROKEN: Final = 4
"""So many connections that break one after the other, whatever message they break at, are a server that is down."""

__all__ = ["Mail", "Tls", "send"]


class _Broken(Exception):
    """The connection is gone. `handed_in`: the server had the message and may deliver it all the same."""

    def __init__(self, reason: str, *, handed_in: bool) -> None:
        super().__init__(reason)
        self.handed_in = handed_in


def send(
    messages: Iterable[Message], channel: Mail, secret: Secret | None, *, at: datetime, connect: Connect = connect
) -> Iterator[tuple[Message, Delivery]]:
    """Send one after the other and say of each what became of it, as soon as that is known. `at`: aware.

    Whatever is wrong with the server is tried once and told of every message (LATER): no login is tried twice. Raises nothing of its own.
    """
    line = _Line(channel, secret, connect)
    try:
        for message in messages:
            ready = _prepared(message, channel, at)
            yield message, ready if isinstance(ready, Delivery) else line.send(*ready)
    finally:
        line.leave()


class _Line:
    """The connection of one run, opened when it is first needed, and again where it broke."""

    def __init__(self, channel: Mail, secret: Secret | None, connect: Connect) -> None:
        self._channel, self._secret, self._connect = channel, secret, connect
        self._session: Session | None = None
        self._broken, self._fault = 0, ""

    def send(self, sender: Mailbox, to: Mailbox, data: bytes) -> Delivery:
        reason = self._fault
        for _ in range(_TRIES):
            if self._fault:
                break
            try:
                if self._session is None:
                    self._session = self._connect(self._channel, self._secret)
                told = _one(self._session, sender, to, data)
            except Unsendable as error:
                reason = self._fault = str(error)
            except _Broken as error:
                self._breaks(reason := str(error))
                if error.handed_in:
                    break
            else:
                self._broken = 0
                return told
        return Delivery(outcome=Outcome.LATER, reason=reason)

    def _breaks(self, reason: str) -> None:
        if self._session is not None:
            self._session.close()
        self._session, self._broken = None, self._broken + 1
        if self._broken >= _BROKEN:
            self._fault = reason

    def leave(self) -> None:
        if self._session is not None:
            self._session.leave()


def _prepared(message: Message, channel: Mail, at: datetime) -> tuple[Mailbox, Mailbox, bytes] | Delivery:
    sender = mailbox(channel.sender)
    if sender is None:
        return Delivery(outcome=Outcome.LATER, reason="the sender of this channel is no mail address")
    if not message.to_mail:
        return Delivery(outcome=Outcome.LATER, reason="no mail address is known")
    to = mailbox(message.to_mail)
    if to is None:
        return Delivery(outcome=Outcome.REFUSED, reason="what is recorded is no mail address")
    try:
        return sender, to, letter(message, sender=sender, sender_name=channel.sender_name, to=to, at=at)
    except ValueError as error:
        return Delivery(outcome=Outcome.REFUSED, reason=str(error))


def _one(session: Session, sender: Mailbox, to: Mailbox, data: bytes) -> Delivery:
    handed_in = False
    options = []
    if sender.beyond_ascii or to.beyond_ascii:
        if not session.has_extn("smtputf8"):
            return Delivery(outcome=Outcome.REFUSED, reason="the mail server takes no address beyond ASCII (SMTPUTF8)")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        with session.within():
            session.command_encoding = "ascii"
            code, said = session.mail(str(sender), options)
            if code != 250:
                return _answered(session, code, said, "the sender", refused=Outcome.LATER)
            code, said = session.rcpt(str(to))
            if code not in (250, 251):
                return _answered(session, code, said, "the recipient")
            handed_in = True
            code, said = session.data(data)
            if code != 250:
                return _answered(session, code, said, "the message")
    except smtplib.SMTPDataError as error:
        return _answered(session, error.smtp_code, error.smtp_error, "the message")
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise _Broken(why(error), handed_in=handed_in) from None
    return Delivery(outcome=Outcome.DELIVERED)


def _answered(session: Session, code: int, said: bytes | str, what: str, *, refused: Outcome = Outcome.REFUSED) -> Delivery:
    """No, for now or for good. A sender who is refused is the channel's fault and no recipient's: the next run may do better."""
    if code == 421:
        raise _Broken(f"the mail server closes ({numbers(code, said)})", handed_in=False)
    with suppress(OSError, smtplib.SMTPException), session.within():  # where it fails, the next message meets the end of the connection
        session.rset()
    outcome = refused if code >= 500 else Outcome.LATER
    return Delivery(
        outcome=outcome, reason=f"the mail server {'refuses' if code >= 500 else 'does not yet take'} {what} ({numbers(code, said)})"
    )
