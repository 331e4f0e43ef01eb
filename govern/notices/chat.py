"""Sending messages to a chat room or a webhook through apprise (extra `chat`), which is imported on the first message. Knows no ledger.

A room has readers of whom govern knows nothing: it gets the name of the one who is meant and the subject, and never the body.
Whoever calls gives a subject that others may read. The address of a
room is its secret. What apprise would do besides sending, as its address or this machine could ask for, is taken from it here: no file is
attached, no template, tag or plug-in loaded, nothing stored; and of whatever service, only encrypted questions leave, to servers whose
certificate holds, without a redirect, a proxy or a `.netrc`.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from govern.errors import Failed
from govern.notices.letter import display
from govern.notices.message import Delivery, Message, Outcome, one_line
from govern.notices.smtp import LOCAL_HOST, STEP_SECONDS, Unsendable
from govern.tls import verified
from govern.vault.secret import Secret

if TYPE_CHECKING:
    import requests
    from apprise import NotifyBase

SERVICES: Final = frozenset({
    "slack", "workflow", "workflows", "matrixs", "matrix", "ntfys", "ntfy", "jsons", "json", "forms", "form", "xmls", "xml", "mmosts", "mmost",
    "rockets", "rocket", "discord", "gchat", "zulip", "wxteams", "nctalks", "nctalk",
})  # fmt: skip
"""Schemes of the addresses that are spoken to: chat and webhooks. None of mail, of files, of this machine's desktop, or of a command."""

_ASKS: Final = frozenset(
    {"template", "tag", "tags", "attach", "attachment", "attach_as", "retry", "wait", "store", "include", "config", "cache"}
)
"""What an address may ask for besides, and does not get."""

_CALLS: Final = re.compile(r'["<>@;\\()\[\]]+|[:,](?! )')


def send(
    messages: Iterable[Message], url: Secret, *, seconds: float = STEP_SECONDS, opened: Callable[[Secret], NotifyBase] | None = None
) -> Iterator[tuple[Message, Delivery]]:
    """Send one after the other and say of each what became of it. What is wrong with the room is nobody's fault who is told there: LATER.

    Needs apprise: see `must_be_installed`.
    """
    room: NotifyBase | None = None
    fault = ""
    for message in messages:
        if not fault:
            try:
                room = room or (opened or _room)(url)
                fault = _told(room, message, seconds)
            except Unsendable as error:
                fault = str(error)
        yield message, Delivery(outcome=Outcome.LATER, reason=fault) if fault else Delivery(outcome=Outcome.DELIVERED)


def must_be_installed() -> None:
    """Raise Failed where the extra `chat` is not there."""
    try:
        import apprise  # noqa: F401
    except ModuleNotFoundError:
        raise Failed(
            "apprise is not installed, without which no chat is spoken to", hint="in the folder of its source: pip install '.[chat]'"
        ) from None


def _said(text: str) -> str:
    """One line in which nothing calls anybody, names a picture or leads anywhere: of the signs by which rooms do that only a colon or comma stays that is
    followed by a blank, as in a sentence."""
    return one_line(_CALLS.sub(" ", one_line(text, 300)), 300)


def _room(url: Secret) -> NotifyBase:
    """The room of this address. Raises Unsendable, which never quotes it."""
    from apprise import Apprise, AppriseAsset, plugins

    _be_quiet()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it loads all of its services at once, and some of them what Python means to drop
            found = plugins.url_to_dict(url.reveal().strip(), secure_logging=True)  # type: ignore[no-untyped-call]
    except Exception:  # whatever its readers stumble over, the address is none
        found = None
    if not found:
        raise Unsendable("the secret of this channel is no address of a chat that apprise knows")
    if found.get("schema") not in SERVICES:
        raise Unsendable(f"a channel of chat does not go by {str(found.get('schema'))[:20]}")
    asked = {str(name) for name in (*found, *found.get("qsd", {}))} & _ASKS
    if asked or found.get("verify") is False or found.get("redirect"):
        what = ", ".join(sorted(asked)) or ("verify=no" if found.get("verify") is False else "redirect=yes")
        raise Unsendable(f"the address of this channel asks for what is not done: {what}")
    asset = AppriseAsset(
        app_id="govern", app_desc="govern", app_url="", async_mode=False, storage_mode="memory", allow_templates=False, service_timeout=STEP_SECONDS,
        language="en", pgp_autogen=False, pem_autogen=False, http_redirects=False, secure_logging=True, interpret_escapes=False,
    )  # fmt: skip
    safe = {**found, "verify": True, "redirect": False, "tag": None}
    if found["schema"] in ("matrix", "matrixs"):
        safe |= {"discovery": False, "e2ee": False}  # no other server than the one that is named; no keys that nobody would keep
    try:
        room = Apprise.instantiate(safe, asset=asset, suppress_exceptions=False)
    except Exception:
        room = None
    if room is None:
        raise Unsendable("the secret of this channel is no address of a chat that apprise knows")
    return room


def _be_quiet() -> None:
    """What apprise logs is for whoever runs apprise: addresses among it, masked as it sees fit."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [logging.NullHandler()], False


def _told(room: NotifyBase, message: Message, seconds: float) -> str:
    """Send it; empty, or why it did not go. In a thread of its own, since no service of apprise bounds the whole of its time."""
    done: list[bool] = []
    statuses: list[int] = []
    title, body = display(message.to_name), _said(message.subject)

    def tell() -> None:
        try:
            done.append(bool(room.notify(title=title, body=body, notify_type="info", body_format="text")))
        except Unsendable:
            done.append(False)
        except Exception:  # of any of its services
            done.append(False)

    with _guarded(statuses):
        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        thread.join(seconds)
    if thread.is_alive():
        return "the chat does not answer in time"
    if done == [True] and statuses and statuses[-1] < 300:
        return ""
    return f"the chat said no ({statuses[-1]})" if statuses else "the chat can't be reached, or can't be trusted"


@contextmanager
def _guarded(statuses: list[int]) -> Iterator[None]:
    """Every question that is asked meanwhile goes through a session of ours, whichever service asks."""
    import requests
    from requests.adapters import HTTPAdapter

    class Verifies(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, **more, ssl_context=verified())

    class Guarded(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False
            self.mount("https://", Verifies())

        def request(self, method: str, url: str, *args: Any, **more: Any) -> requests.Response:  # type: ignore[override]
            _must_be_safe(url)
            asked: Mapping[str, Any] = {**more, "allow_redirects": False, "verify": True, "proxies": None, "cert": None, "stream": False}
            answer = super().request(method, url, *args, **asked)
            statuses.append(answer.status_code)
            return answer

    before = requests.Session
    requests.Session = requests.sessions.Session = Guarded  # type: ignore[misc]
    try:
        yield
    finally:
        requests.Session = requests.sessions.Session = before  # type: ignore[misc]


def _must_be_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in (LOCAL_HOST, "::1")):
        raise Unsendable("nothing is said to a chat without TLS")
