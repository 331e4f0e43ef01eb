"""A sealed envelope's content as a page to print: what to do with it, the secrets, and by what their state can be checked."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Final

from govern.cli.sheet_page import has_codes
from govern.offboarding.wording import secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govern.languages import Language
    from govern.offboarding.wording import Say
    from govern.procedures.copies import Envelope, Inside

_PAGE: Final = """<!doctype html>
<html lang="{locale}">
<meta charset="utf-8">
<title>{title}</title>
<style>
  @page {{ margin: 2cm }}
  body {{ font: 11pt/1.4 sans-serif; margin: 0 }}
  table {{ border-collapse: collapse }}
  th, td {{ text-align: left; vertical-align: top; padding: 0.2em 1em 0.2em 0 }}
  .secret {{ font: bold 15pt/1.5 monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; padding: 0.5em }}
  pre {{ font: 8pt/1.3 monospace; white-space: pre-wrap; overflow-wrap: anywhere }}
  svg {{ width: 5cm; height: 5cm }}
</style>
<h1>{title}</h1>
<table>
{facts}
</table>
<h2>{todo}</h2>
<ol>
{steps}
</ol>
{inside}
<h2>{ledger}</h2>
<pre>{note}</pre>
</html>
"""


def page(envelope: Envelope, *, made_at: str, by: str, vault: str, note: str, language: Language) -> str:
    """HTML that asks nothing of the network. `made_at` is a UTC time, `by` a handle, `vault` its id in hex, `note` the last checkpoint."""
    say = language.say
    facts = {
        say("Account"): envelope.account, say("Platform"): envelope.platform, say("Login"): envelope.login, say("Address"): envelope.url,
        say("Printed"): say("{time} by {person}").format(time=language.when(made_at), person=by), say("Vault"): vault,
    }  # fmt: skip
    rows = "\n".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in facts.items() if value)
    return _PAGE.format(
        locale=language.locale, title=html.escape(envelope.name), facts=rows, note=html.escape(note), todo=html.escape(say("What to do with this page")),
        steps="\n".join(f"  <li>{step}</li>" for step in _steps(envelope, say)), ledger=html.escape(say("The ledger when this was printed")),
        inside="\n".join(_inside(one, say) for one in envelope.inside),
    )  # fmt: skip


def _steps(envelope: Envelope, say: Say) -> Iterator[str]:
    """What whoever prints, keeps and opens it has to do, as HTML."""
    command = f"<code>govern envelope opened {html.escape(envelope.account)}</code>"
    for text in (
        say("Print it on a printer that keeps no copy, and delete the file."),
        say("Fold it into an envelope through which nothing can be read. Write “{name}” and today's date on it, and sign across the flap."),
        say("Put it where two people would have to see it go: a safe, a notary. Whoever can take it could know what is in it."),
        say("Whoever opens it says so the same day: {command}. What is in it is then changed."),
        say("Once a version below counts no more, this page is worth nothing: print anew, and destroy it."),
    ):
        yield html.escape(text, quote=False).format(name=html.escape(envelope.name), command=command)


def _inside(one: Inside, say: Say) -> str:
    lines = html.escape(one.secret.reveal())
    title = say("{credential}, version {version}").format(credential=secret(one.kind, say), version=one.version)
    return f'<h2>{html.escape(title)}</h2>\n<p class="secret">{lines}</p>\n{_code(one, say)}'


def _code(one: Inside, say: Say) -> str:
    """A seed once more for the camera of an authenticator; passwords are typed."""
    if one.kind != "totp" or not has_codes():
        return ""
    import segno

    out = io.BytesIO()
    segno.make_qr(one.scan.reveal(), error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    told = html.escape(say("The same for an authenticator's camera:"))
    return f"<p>{told}</p>\n{out.getvalue().decode()}"
