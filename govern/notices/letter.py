"""A message as it goes through mail: headers and two bodies (RFC 5322, RFC 2045, RFC 6532). Knows no server.

Names, subjects and addresses come from people: whatever they hold becomes one line, and nothing in it is taken for a part of the header. Display
names lose the signs that have a meaning in an address, since libraries differ in how well they quote them when a long line is folded.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final, NamedTuple

from govern.notices.message import Message, one_line

_LOCAL: Final = re.compile(r'[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]{1,64}')
_DOMAIN: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_MEANS: Final = re.compile(r'["<>@,;:\\()\[\]]+')
"""What has a meaning in the header of an address."""
_LONGEST: Final = 254
"""Octets of an address (RFC 5321 §4.5.3.1.3, erratum 1690)."""


class Mailbox(NamedTuple):
    """A mail address: its domain in ASCII (RFC 5890), its local part as it is."""

    local: str
    domain: str

    @property
    def beyond_ascii(self) -> bool:
        """Whether a server has to know SMTPUTF8 (RFC 6531) to take it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(address: str) -> Mailbox | None:
    """The address, or None for what is none that mail could be sent to: no blanks, no quotes, no control characters, no address literal."""
    local, _, named = address.strip().rpartition("@")
    try:
        domain = named.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if not _LOCAL.fullmatch(local) or not local.isprintable() or not _DOMAIN.fullmatch(domain):
        return None
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    found = Mailbox(local, domain)
    return found if len(str(found).encode("utf-8")) <= _LONGEST else None


def display(name: str) -> str:
    """A name as it may stand before an address."""
    return _plain(_MEANS.sub(" ", name), 100)


def _plain(text: str, limit: int) -> str:
    """One line that no program takes for an encoded word (RFC 2047): its decoding could say anything."""
    return one_line(one_line(text, limit).replace("=?", "= ?"), limit)


def letter(message: Message, *, sender: Mailbox, sender_name: str, to: Mailbox, at: datetime) -> bytes:
    """The whole of it, with CRLF. `at`: aware; when it is written. Raises ValueError for what can't be written as a message."""
    mail = EmailMessage(policy=SMTPUTF8 if sender.beyond_ascii or to.beyond_ascii else SMTP)
    try:
        mail["From"] = Address(display(sender_name), sender.local, sender.domain)
        mail["To"] = Address(display(message.to_name), to.local, to.domain)
        mail["Subject"] = _plain(message.subject, 200)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{message.message_id}>"
        mail["List-Id"] = f"<{message.list_id}>"
        reply = mailbox(message.reply_to) if message.reply_to else None
        if reply is not None and (to.beyond_ascii or sender.beyond_ascii or not reply.beyond_ascii):
            mail["Reply-To"] = Address("", reply.local, reply.domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
        mail["X-Auto-Response-Suppress"] = "All"  # Exchange does not know the line above
        mail.set_content(message.text, subtype="plain", charset="utf-8", cte="quoted-printable")
        mail.add_alternative(message.html, subtype="html", charset="utf-8", cte="quoted-printable")
        mail["Content-Language"] = message.locale  # last: what is called Content-… until then becomes one part's
        mail.set_boundary("=_" + hashlib.sha256(f"{message.message_id}\0{message.text}\0{message.html}".encode()).hexdigest()[:40])
        return mail.as_bytes()
    except (MessageError, LookupError, TypeError, UnicodeError) as error:
        raise ValueError(f"not to be written as a message ({type(error).__name__})") from None
