"""A chat gets a name and a subject, through verified TLS alone, and its address stands nowhere else. Against a real server of this machine."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("apprise", reason="the extra chat is not installed")

from govern.notices import chat
from govern.notices.message import Message, Outcome
from govern.vault.secret import Secret

from ...loopback import answering, said
from .servers import authority

SLACK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def message(name: str = "Kim Åberg", subject: str = "2 things to do") -> Message:
    return Message(
        message_id="abc@govern.invalid", to_name=name, to_mail=None, locale="en", subject=subject, text="The login of acme.brand\n",
        html="<p>The login of acme.brand</p>", list_id="reminders.abc.govern.invalid", reply_to=None,
    )  # fmt: skip


class Heard:
    """What a server was told, in order."""

    def __init__(
        self, status: int = 200, location: str = "", answer: bytes = b'{"access_token": "a", "user_id": "@a:b", "room_id": "!r:b"}'
    ) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.location, self.answer = status, location, answer

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.asked.append((request.path, dict(request.headers.items()), body))
        said(
            request,
            self.status,
            self.answer,
            **({"Location": self.location} if self.location else {}),
        )


@pytest.fixture
def heard() -> Iterator[tuple[Heard, str]]:
    answers = Heard()
    with answering(answers) as url:
        yield answers, url.removeprefix("http://")


def told(address: str, *messages: Message, seconds: float = 20) -> list[Any]:
    return [delivery for _, delivery in chat.send(messages or [message()], Secret(address), seconds=seconds)]


@pytest.mark.parametrize(
    "address", ["json://{}/hook", "form://{}/hook", "xml://{}/hook", "ntfy://{}/topic", "mmost://{}/3ccdd113474722377935511fc85d3dd4", "json://kim:pw@{}/hook"],
)  # fmt: skip
def test_a_room_gets_the_name_and_the_subject_and_nothing_of_the_body(
    heard: tuple[Heard, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apprise.url.URLBase.throttle", lambda *_, **__: None)  # some rooms are not asked twice within five seconds
    answers, server = heard
    assert [one.outcome for one in told(address.format(server), message(), message("Lee"))] == [Outcome.DELIVERED] * 2
    (_, _, body), _ = answers.asked
    assert b"2 things to do" in body.replace(b"+", b" ")
    assert b"acme" not in body


def test_a_webhook_gets_json(heard: tuple[Heard, str]) -> None:
    answers, server = heard
    told(f"json://{server}/hook")
    assert answers.asked[0][0] == "/hook"
    record = json.loads(answers.asked[0][2])
    assert (record["title"], record["message"]) == ("Kim Åberg", "2 things to do")
    assert record["attachments"] == []


def test_matrix_speaks_to_the_named_server_alone(heard: tuple[Heard, str]) -> None:
    answers, server = heard
    told(f"matrix://kim:pw@{server}/!room:example.org")
    assert answers.asked
    assert not any("well-known" in path for path, _, _ in answers.asked)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503, 302])
def test_whatever_a_room_answers_but_yes_is_told_and_tried_again_later(status: int) -> None:
    answers = Heard(status, "http://127.0.0.1:9/elsewhere" if status == 302 else "")
    with answering(answers) as url:
        deliveries = told(url.replace("http", "json") + "/hook", message(), message("Lee"))
    assert [one.outcome for one in deliveries] == [Outcome.LATER] * 2
    assert f"({status})" in deliveries[0].reason
    assert len(answers.asked) == 1, "asked once a run"


def test_attack_a_redirect_is_not_followed(heard: tuple[Heard, str]) -> None:
    import requests

    answers, server = heard
    with answering(Heard(307, f"http://{server}/elsewhere")) as url:
        assert told(url.replace("http", "json") + "/hook")[0].outcome == Outcome.LATER
        assert not answers.asked
        # The control: requests alone, as apprise would use it, follows.
        requests.post(url + "/hook", json={"a": 1}, timeout=20)
        assert answers.asked


def test_a_server_that_is_down_or_silent_is_told(heard: tuple[Heard, str]) -> None:
    with answering(lambda request: time.sleep(3)) as url:
        assert told(url.replace("http", "json"), seconds=0.3)[0].reason == "the chat does not answer in time"
    assert told("json://127.0.0.1:9/hook")[0].reason == "the chat can't be reached, or can't be trusted"


@pytest.mark.parametrize(
    "address",
    [
        "json://example.org/hook",
        "ntfy://example.org/topic",
        "matrix://a:b@example.org/!room",
        "json://localhost/hook",
        "xml://10.0.0.1/hook",
    ],
)
def test_attack_nothing_goes_to_another_machine_without_tls(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    sent: list[str] = []
    monkeypatch.setattr(requests.Session, "send", lambda self, request, **more: sent.append(request.url))
    assert told(address)[0].outcome == Outcome.LATER
    assert not sent
    # The control: the same with TLS is about to be sent.
    told(address.replace("://", "s://", 1))
    assert sent
    assert all(url.startswith("https://") for url in sent)


def test_attack_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signs, answers = authority(tmp_path), Heard()
    with answering(answers, signs.serving()) as url:
        address = url.replace("https", "jsons") + "/hook"
        assert told(address)[0].reason == "the chat can't be reached, or can't be trusted"
        assert not answers.asked
        # The control: trusted, it gets the message.
        monkeypatch.setenv("SSL_CERT_FILE", str(signs.path))
        assert told(address)[0].outcome == Outcome.DELIVERED


@pytest.mark.parametrize(
    "asks", ["verify=no", "redirect=yes", "template=/etc/passwd", "tag=a", "attach=/etc/passwd", "tags=b", "retry=5", "store=yes"]
)
def test_attack_an_address_that_asks_for_more_than_sending_is_refused(heard: tuple[Heard, str], asks: str) -> None:
    answers, server = heard
    (delivery,) = told(f"json://{server}/hook?{asks}")
    assert delivery.outcome == Outcome.LATER
    assert asks.split("=")[0] in delivery.reason
    assert not answers.asked
    assert told(f"json://{server}/hook?overflow=split")[0].outcome == Outcome.DELIVERED


@pytest.mark.parametrize(
    "address",
    [
        "mailto://a:b@example.org",
        "syslog://",
        "file:///etc/passwd",
        "dbus://",
        "macosx://",
        "",
        "nonsense",
        "json://",
        "\0",
        "json://[::1/x",
    ],
)
def test_attack_what_is_no_chat_is_not_spoken_to(address: str) -> None:
    (delivery,) = told(address)
    assert delivery.outcome == Outcome.LATER
    assert not address.partition("//")[2] or address.partition("//")[2] not in delivery.reason


def test_what_slack_gives_out_as_the_address_of_a_webhook_is_one() -> None:
    assert chat._room(Secret(f"https://hooks.slack.com/services/{SLACK}")).service_name == "Slack"
    assert chat._room(Secret(f"slack://{SLACK}/#general")).service_name == "Slack"
    teams = "https://prod-1.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke?api-version=2016-06-01&sig=KODuebWbDGYFr0z0eu"
    assert "Workflow" in str(chat._room(Secret(teams)).service_name)


@pytest.mark.parametrize(
    ("host", "address", "path"),
    [
        ("hooks.slack.com", f"https://hooks.slack.com/services/{SLACK}", f"/services/{SLACK}"),
        (
            "prod-1.logic.azure.com",
            "https://prod-1.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke?api-version=2016-06-01&sig=KODuebWbDGYFr0z0eu",
            "/workflows/643e69f83c8944/triggers/manual/paths/invoke",
        ),
    ],
    ids=["slack", "teams"],
)
def test_slack_and_teams_get_the_name_and_the_subject(
    host: str, address: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their own servers were never asked: one of this machine stands under their name, with a certificate of that name."""
    signs, answers = authority(tmp_path), Heard(answer=b"ok")
    monkeypatch.setenv("SSL_CERT_FILE", str(signs.path))
    with answering(answers, signs.serving(host)) as url:
        here, found = ("127.0.0.1", int(url.rpartition(":")[2])), socket.getaddrinfo

        def resolved(name: Any, port: Any, *more: Any, **named: Any) -> Any:
            return found(*here, *more, **named) if (name, port) == (host, 443) else found(name, port, *more, **named)

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        (delivery,) = told(address)
    assert (delivery.outcome, delivery.reason) == (Outcome.DELIVERED, "")
    ((asked, headers, body),) = answers.asked
    assert (asked.partition("?")[0], headers["Host"]) == (path, host)
    text = json.dumps(json.loads(body), ensure_ascii=False)
    assert "Kim Åberg" in text
    assert "2 things to do" in text
    assert "acme" not in text


def test_attack_nothing_of_this_machine_is_taken_along(heard: tuple[Heard, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a .netrc, nor a proxy, nor apprise's own configuration, which would send to others as well."""
    import requests

    answers, server = heard
    host = server.partition(":")[0]
    (tmp_path / ".netrc").write_text(f"machine {host} login kim password of-another-server\n")
    (tmp_path / ".netrc").chmod(0o600)
    for place in (".apprise", ".config/apprise"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(f"json://{server}/other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("APPRISE_URLS", f"json://{server}/other")
    assert told(f"json://{server}/hook")[0].outcome == Outcome.DELIVERED
    assert [path for path, _, _ in answers.asked] == ["/hook"]
    assert "Authorization" not in answers.asked[0][1]
    # The control: requests alone takes the name and password along.
    monkeypatch.delenv("HTTP_PROXY")
    requests.post(f"http://{server}/hook", timeout=20)
    assert "Authorization" in answers.asked[-1][1]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [".apprise", ".netrc", "apprise"]


def test_attack_a_name_calls_nobody_in_the_room(heard: tuple[Heard, str]) -> None:
    answers, server = heard
    told(f"json://{server}/hook", message("<!channel> @everyone\r\n", "<@U1> Due"))
    record = json.loads(answers.asked[0][2])
    assert (record["title"], record["message"]) == ("!channel everyone", "U1 Due")


def test_what_a_room_is_told_is_a_sentence_as_it_stands_in_a_mail(heard: tuple[Heard, str]) -> None:
    """A colon and a comma that end a word stay; those of an address or a picture do not."""
    answers, server = heard
    subject = "Kim Åberg, Oslo: 2 things wait for you :bomb:http://acme.example [a](b)"
    told(f"json://{server}/hook", message("Kim Åberg, Oslo", subject))
    ((_, _, body),) = answers.asked
    assert json.loads(body)["message"] == "Kim Åberg, Oslo: 2 things wait for you bomb http //acme.example a b"


def test_attack_the_address_stands_in_no_log(
    heard: tuple[Heard, str], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    _, server = heard
    caplog.set_level(logging.DEBUG)
    for address in (
        f"json://{server}/tell-tale",
        "json://127.0.0.1:9/tell-tale",
        "nope://tell-tale",
        f"json://{server}/tell-tale?verify=no",
    ):
        assert "tell-tale" not in repr(told(address))
    out, err = capfd.readouterr()
    assert "tell-tale" not in out + err + caplog.text


def test_apprise_is_loaded_with_the_first_message_only() -> None:
    import subprocess
    import sys

    code = "import sys; import govern.notices.chat; sys.exit('apprise' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
