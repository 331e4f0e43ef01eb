"""`govern channel`: the ways by which reminders go out: mail and chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Failed

if TYPE_CHECKING:
    from govern.procedures.notice_channels import Settings
    from govern.register.queries.notice_channels import NoticeChannel

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_OF_ANYBODY = 1024
"""The first port on which anybody may listen."""

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the channel is called: office-mail, …")]
Account = Annotated[
    str | None,
    typer.Option(
        "--credential-of", metavar="ACCOUNT", help="The account whose secret opens it; of a chat, the secret is its whole address."
    ),
]
Kind = Annotated[
    str | None,
    typer.Option("--kind-of-credential", metavar="password|app-password|api-token", help="Else password for mail, api-token for chat."),
]
Host = Annotated[str | None, typer.Option(metavar="HOST", help="The mail server.")]
Port = Annotated[int | None, typer.Option(metavar="N", help="Else 587 for starttls, 465 for tls, 25 for local.")]
Tls = Annotated[
    str | None, typer.Option(metavar="starttls|tls|local", help="How it is encrypted; local: the relay of this machine, at 127.0.0.1.")
]
Sender = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Whom the mails are from.")]
Login = Annotated[str | None, typer.Option(help="The login at the mail server; else that of the account.")]
ReplyTo = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where answers go.")]


def _rows(found: Sequence[NoticeChannel], names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name, "kind": one.kind, "host": one.host or None, "port": one.port or None, "tls": one.tls or None,
            "sender": one.sender or None, "login": one.login or None, "reply_to": one.reply_to or None, "account": one.account or None,
            "credential_kind": one.credential_kind or None, "works": one.works, "since": one.since or None, "set_at": one.at,
            "set_by": names.get(one.setter), "entry": one.entry,
        }
        for one in found
    ]  # fmt: skip


def _table(rows: Sequence[dict[str, Any]]) -> None:
    render.table(
        ("channel", "kind", "server", "from", "opened by", "works"),
        [
            (
                row["name"], row["kind"], _server(row), row["sender"], f"{row['credential_kind']} of {row['account']}" if row["account"] else "",
                {None: "not tried", True: "yes", False: f"no, since {render.day(row['since'])}"}[row["works"]],
            )
            for row in rows
        ],
        empty="no channel yet, so reminders are written as calendar files: govern channel add NAME --kind mail",
    )  # fmt: skip


def _server(row: dict[str, Any]) -> str:
    if row["tls"] == "local":
        return f"this machine's relay, port {row['port']}"
    return f"{row['host']}:{row['port']} ({row['tls']})" if row["tls"] else ""


def _told(found: NoticeChannel, *, json: bool) -> None:
    from govern.register.queries.people import handles

    rows = _rows([found], handles(settings.workspace().view()))
    if json:
        render.emit("channel", {"channels": rows})
    else:
        _table(rows)


def _settings(
    account: str | None,
    kind: str | None,
    host: str | None,
    port: int | None,
    tls: str | None,
    sender: str | None,
    login: str | None,
    reply: str | None,
) -> Settings:
    from govern.procedures.notice_channels import Settings

    return Settings(account=account, credential_kind=kind, host=host, port=port, tls=tls, sender=sender, login=login, reply_to=reply)


@app.command("add")
def add(
    name: Name,
    kind: Annotated[str, typer.Option(metavar="mail|chat")],
    credential_of: Account = None,
    kind_of_credential: Kind = None,
    host: Host = None,
    port: Port = None,
    tls: Tls = None,
    sender: Sender = None,
    login: Login = None,
    reply_to: ReplyTo = None,
    json: Json = False,
) -> None:
    """Set up a way by which reminders go out; its secret is an ordinary credential of an ordinary account."""
    from govern.procedures import notice_channels as procedure

    wanted = _settings(credential_of, kind_of_credential, host, port, tls, sender, login, reply_to)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = procedure.add(tx, name, kind, wanted)
    _told(found, json=json)
    if found.tls == "local" and found.port >= _OF_ANYBODY:
        render.note(
            f"note: any program of this machine could be listening on port {found.port}; below {_OF_ANYBODY} only its administrator's"
        )
    if found.account:
        render.next_step(
            f"govern key add-service NAME --purpose remind --accounts {found.account}", "the machine that sends, unless people do"
        )
    render.next_step(f"govern channel test {found.name} --to PERSON")


@app.command("list")
def list_(json: Json = False) -> None:
    """All channels in use, and whether they work."""
    from govern.register.queries.notice_channels import in_use
    from govern.register.queries.people import handles

    db = settings.workspace().view()
    rows = _rows(in_use(db), handles(db))
    if json:
        render.emit("channel", {"channels": rows})
    else:
        _table(rows)


@app.command("edit")
def edit(
    name: Name,
    credential_of: Account = None,
    kind_of_credential: Kind = None,
    host: Host = None,
    port: Port = None,
    tls: Tls = None,
    sender: Sender = None,
    login: Login = None,
    reply_to: ReplyTo = None,
    json: Json = False,
) -> None:
    """Change what is named; the rest stays, and an empty value takes away what was."""
    from govern.procedures import notice_channels as procedure

    wanted = _settings(credential_of, kind_of_credential, host, port, tls, sender, login, reply_to)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = procedure.edit(tx, name, wanted)
    _told(found, json=json)
    render.next_step(f"govern channel test {found.name} --to PERSON")


@app.command("end")
def end(name: Name, json: Json = False) -> None:
    """Nothing goes out by it any more; its account and secret stay."""
    from govern.procedures import notice_channels as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = procedure.end(tx, name)
    if json:
        render.emit("channel", {"ended": found.name})
        return
    render.line(f"{render.safe(found.name)} has ended")
    if found.account:
        render.next_step(f"govern account retire {found.account}", "if nothing else needs it")


@app.command("test")
def try_out(
    name: Name,
    to: Annotated[str, typer.Option("--to", metavar="PERSON", help="Who gets it.")],
    locale: Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="Else the language of that person.")] = "",
    json: Json = False,
) -> None:
    """Send one message that says that it is a test; recorded first. Fails where it does not arrive at the server."""
    from datetime import datetime

    from govern.languages import language
    from govern.notices.message import Outcome
    from govern.procedures import notice_channels as procedure
    from govern.register.queries import people

    workspace, now = settings.workspace(), settings.now()
    speech = language(settings.locale(locale, lambda: people.find(workspace.view(), to).locale))
    with workspace.transaction(now) as tx:
        ready, message = procedure.try_out(tx, name, to, speech)
    ((_, told),) = ready.send([message], at=datetime.fromisoformat(now))
    with workspace.transaction(settings.now()) as tx:
        procedure.answered(tx, ready.channel.id, procedure.works([told]))
    if told.outcome is not Outcome.DELIVERED:
        refused = told.outcome is Outcome.REFUSED
        raise Failed(
            f"the message did not go out by {ready.channel.name}: {told.reason}", code="undelivered",
            hint=f"check the mail address: govern person show {to}" if refused else f"govern channel edit {ready.channel.name} …, or try again later",
        )  # fmt: skip
    if json:
        render.emit(
            "channel.test", {"channel": ready.channel.name, "person": to, "outcome": told.outcome.value, "message_id": message.message_id}
        )
        return
    render.line(f"handed in by {render.safe(ready.channel.name)} for {render.safe(message.to_name)}")
    render.note("note: that the server took it does not say that they read it: ask them")
    render.next_step("govern channel list")
