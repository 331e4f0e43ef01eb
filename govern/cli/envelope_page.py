"""A sealed envelope's content as a page to print: what to do with it, the secrets, and by what their state can be checked."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Final

from govern.cli.sheet_page import has_codes

if TYPE_CHECKING:
    from govern.procedures.copies import Envelope, Inside

_PAGE: Final = """<!doctype html>
<html lang="en">
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
<h2>What to do with this page</h2>
<ol>
  <li>Print it on a printer that keeps no copy, and delete the file.</li>
  <li>Fold it into an envelope through which nothing can be read. Write “{title}” and today's date on it, and sign across the flap.</li>
  <li>Put it where two people would have to see it go: a safe, a notary. Whoever can take it could know what is in it.</li>
  <li>Whoever opens it says so the same day: <code>govern envelope opened {account}</code>. What is in it is then changed.</li>
  <li>Once a version below counts no more, this page is worth nothing: print anew, and destroy it.</li>
</ol>
{inside}
<h2>The ledger when this was printed</h2>
<pre>{note}</pre>
</html>
"""


def page(envelope: Envelope, *, made_at: str, by: str, vault: str, note: str) -> str:
    """HTML that asks nothing of the network. `made_at` is a UTC time, `by` a handle, `vault` its id in hex, `note` the last checkpoint."""
    facts = {
        "Account": envelope.account, "Platform": envelope.platform, "Login": envelope.login, "Address": envelope.url,
        "Printed": f"{made_at[:10]} {made_at[11:16]} UTC by {by}", "Vault": vault,
    }  # fmt: skip
    rows = "\n".join(f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in facts.items() if value)
    return _PAGE.format(
        title=html.escape(envelope.name), facts=rows, account=html.escape(envelope.account), note=html.escape(note),
        inside="\n".join(_inside(one) for one in envelope.inside),
    )  # fmt: skip


def _inside(one: Inside) -> str:
    lines = html.escape(one.secret.reveal())
    return f'<h2>{html.escape(one.kind)}, version {one.version}</h2>\n<p class="secret">{lines}</p>\n{_code(one)}'


def _code(one: Inside) -> str:
    """A seed once more for the camera of an authenticator; passwords are typed."""
    if one.kind != "totp" or not has_codes():
        return ""
    import segno

    out = io.BytesIO()
    segno.make_qr(one.scan.reveal(), error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return f"<p>The same for an authenticator's camera:</p>\n{out.getvalue().decode()}"
