"""Notice channels: the ways by which messages go out. Setting them up, and opening one, which is recorded before its secret is used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from govern.errors import NotFound, Refused, Usage
from govern.holdings.names import check_handle
from govern.notices import chat, mail
from govern.notices.letter import mailbox
from govern.notices.message import Delivery, Message, Outcome
from govern.notices.smtp import LOCAL_HOST, PORTS, Mail, Tls
from govern.notices.trial import trial
from govern.procedures import showing
from govern.register.queries import accounts, notice_channels, people, versions
from govern.register.queries.notice_channels import NoticeChannel

if TYPE_CHECKING:
    from govern.languages import Language
    from govern.register.transaction import Transaction
    from govern.vault.secret import Secret

KINDS: Final = {"mail": "password", "chat": "api-token"}
"""Kind of channel -> the kind of credential that opens it, unless another is named."""

_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is said of a channel. None: as before, or as usual; empty: none. `account` is a handle, `credential_kind` of that account's."""

    account: str | None = None
    credential_kind: str | None = None
    host: str | None = None
    port: int | None = None
    tls: str | None = None
    sender: str | None = None
    login: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A channel with its secret: what it takes to send. `private`: whether only the person who is meant reads what goes by it."""

    channel: NoticeChannel
    login: str
    secret: Secret | None

    @property
    def private(self) -> bool:
        return self.channel.kind == "mail"

    def send(self, messages: Iterable[Message], *, at: datetime) -> Iterator[tuple[Message, Delivery]]:
        """Send one after the other; what became of each is told before the next goes. `at`: aware."""
        one = self.channel
        if one.kind == "chat":
            assert self.secret is not None  # noqa: S101  a chat has one: judged when it was set
            return chat.send(messages, self.secret)
        ways = Mail(
            host=one.host or LOCAL_HOST,
            port=one.port,
            tls=Tls(one.tls),
            sender=one.sender,
            login=self.login or None if self.secret else None,
        )
        return mail.send((replace(each, reply_to=each.reply_to or one.reply_to or None) for each in messages), ways, self.secret, at=at)


def add(tx: Transaction, name: str, kind: str, settings: Settings) -> NoticeChannel:
    """Set up a channel. Usage for what is missing or can't be read, Refused by the rules of `channel.set`."""
    if kind not in KINDS:
        raise Usage("--kind is missing or unknown", hint="--kind mail, or --kind chat")
    return _record(tx, tx.new_id(), check_handle(name), kind, settings, None)


def edit(tx: Transaction, name: str, settings: Settings) -> NoticeChannel:
    """Change what is named; the rest stays. Raises as `add`."""
    found = notice_channels.find(tx.register, name)
    return _record(tx, found.id, found.name, found.kind, settings, found)


def end(tx: Transaction, name: str) -> NoticeChannel:
    """Nothing goes out by it any more."""
    found = notice_channels.find(tx.register, name)
    tx.record("channel.ended", {"channel": found.id})
    return found


def _record(tx: Transaction, id_: str, name: str, kind: str, settings: Settings, before: NoticeChannel | None) -> NoticeChannel:
    if kind == "chat":
        others = (settings.host, settings.port, settings.tls, settings.sender, settings.login, settings.reply_to)
        if any(one is not None for one in others):
            raise Usage(
                "a chat has no server, sender or login: its address is its secret",
                hint="--kind chat --credential-of ACCOUNT, and nothing more",
            )
        body: dict[str, object] = {}
        personal: dict[str, str] = {}
    else:
        body, personal = _mail(settings, before)
    credential = _credential(tx, kind, settings, before)
    tx.record("channel.set", {"channel": id_, "name": name, "kind": kind, "credential": credential or None, **body}, personal)
    return notice_channels.find(tx.register, name)


def _mail(settings: Settings, before: NoticeChannel | None) -> tuple[dict[str, object], dict[str, str]]:
    def chosen(value: str | None, old: str) -> str:
        return old.strip() if value is None else value.strip()

    try:
        tls = Tls(chosen(settings.tls, before.tls if before else Tls.STARTTLS))
    except ValueError:
        raise Usage("--tls is unknown", hint=f"--tls {'|'.join(Tls)}") from None
    host = chosen(settings.host, before.host if before else "").casefold()
    if tls is Tls.LOCAL and before is not None and settings.host is None:
        host = ""
    sender, reply_to = (
        chosen(settings.sender, before.sender if before else ""),
        chosen(settings.reply_to, before.reply_to if before else ""),
    )
    login = chosen(settings.login, before.login if before else "")
    port = settings.port if settings.port is not None else (before.port if before and before.tls == tls else PORTS[tls])
    if tls is not Tls.LOCAL and not _is_host(host):
        raise Usage(f"{host[:60]!r} is no name of a mail server" if host else "--host is missing", hint="--host mail.example.org")
    if not 0 < port < 65536:
        raise Usage(f"--port: {port} is no port", hint=f"--port {PORTS[tls]}")
    for option, address in (("--sender", sender), ("--reply-to", reply_to)):
        if (address or option == "--sender") and mailbox(address) is None:
            raise Usage(f"{option} is missing or no mail address", hint=f"{option} reminders@example.org")
    personal = {"host": host, "sender": sender, "login": login, "reply_to": reply_to}
    return {"tls": tls.value, "port": port}, {name: value for name, value in personal.items() if value}


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _HOST.fullmatch(host) is not None
    return True


def _credential(tx: Transaction, kind: str, settings: Settings, before: NoticeChannel | None) -> str:
    """Id of the credential that opens the channel; empty for none."""
    if settings.account is None and settings.credential_kind is None:
        return before.credential if before else ""
    handle = settings.account if settings.account is not None else before.account if before else ""
    if not handle:
        return ""
    account = accounts.find(tx.register, handle)
    wanted = settings.credential_kind or (before.credential_kind if before and settings.account is None else "") or KINDS[kind]
    found = [one for one in versions.current(tx.register, [account.id]) if one.kind == wanted]
    return found[0].credential if len(found) == 1 else versions.the(tx.register, account.id, account.handle, wanted).credential


def open_(tx: Transaction, channel: NoticeChannel) -> Ready:
    """Open the channel's secret, where it has one, and record that first; what comes back is used behind the transaction, and once a run is enough.

    Raises NotFound, Refused, Locked, IntegrityError, all before recording.
    """
    if channel.kind == "chat":
        chat.must_be_installed()
    if not channel.credential:
        return Ready(channel=channel, login="", secret=None)
    account = accounts.find(tx.register, channel.account)
    if account.state != "active":
        raise Refused(
            f"{account.handle} is retired",
            rule="channel-account",
            control="AC-2",
            hint=f"govern channel edit {channel.name} --credential-of ACCOUNT",
        )
    gone = notice_channels.setter_gone(tx.register, channel.setter, channel.credential, tx.now)
    if gone:
        raise notice_channels.must_be_set_again(channel.name, gone)
    version = versions.the(tx.register, account.id, account.handle, channel.credential_kind, channel.credential)
    showing.must_hold(tx.register, account, tx.actor, channel.credential_kind, tx.now)
    secret = showing.value(channel.credential_kind, showing.opened(tx, version))
    tx.record("channel.opened", {"channel": channel.id, "credential": version.credential, "version": version.n})
    return Ready(channel=channel, login=channel.login or account.login, secret=secret)


def try_out(tx: Transaction, name: str, person: str, speech: Language) -> tuple[Ready, Message]:
    """Record that one message goes to a person by a channel; both, to be sent behind the transaction."""
    channel, who = notice_channels.find(tx.register, name), people.find(tx.register, person)
    if channel.kind == "mail" and not who.mail:
        raise NotFound(f"no mail address of {who.handle} is recorded", hint=f"govern person edit {who.handle} --mail ADDRESS")
    tx.record("channel.tested", {"channel": channel.id, "person": who.id})
    ready = open_(tx, channel)
    message = trial(
        speech, vault=tx.workspace.vault.hex(), person=who.id, name=who.name or who.handle, mail=who.mail, channel=channel.id, at=tx.now
    )
    return ready, message


def works(deliveries: Iterable[Delivery]) -> bool | None:
    """Whether a channel works, by what became of messages: a recipient who was refused was refused by a server that answers. None: nothing to tell."""
    outcomes = {one.outcome for one in deliveries}
    return None if not outcomes else outcomes != {Outcome.LATER}


def answered(tx: Transaction, channel: str, told: bool | None) -> None:
    """Record that a channel (id) works, or does not, where that is new."""
    known = {one.id: one.works for one in notice_channels.in_use(tx.register)}
    if told is not None and channel in known and known[channel] is not told:
        tx.record("channel.answered", {"channel": channel, "works": told})
