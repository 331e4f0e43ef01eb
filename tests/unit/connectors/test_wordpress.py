"""What a WordPress site says of a password: wrong only in WordPress' own words, and only while the site takes a login that is known to work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from govern.connectors.address import read
from govern.connectors.http import Http
from govern.connectors.protocol import Helper, Target
from govern.connectors.wordpress import WordPress
from govern.rotation.probing import Answer
from govern.vault.secret import Secret

from .test_http import serving

TAKEN = "<methodResponse><params><param><value><array><data></data></array></value></param></params></methodResponse>"
OWN = "Incorrect username or password."
TRUE, WRONG = Secret("the-true-one"), Secret("a-wrong-one")


def fault(sentence: str = OWN, code: int = 403) -> str:
    """As WordPress 6.1 writes one."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<methodResponse>
  <fault>
    <value>
      <struct>
        <member>
          <name>faultCode</name>
          <value><int>{code}</int></value>
        </member>
        <member>
          <name>faultString</name>
          <value><string>{sentence}</string></value>
        </member>
      </struct>
    </value>
  </fault>
</methodResponse>
"""


class Site:
    """`says`: what it answers to a wrong password; `locks_after`: how many wrong ones end everything for everybody, as a plug-in does."""

    def __init__(self) -> None:
        self.says, self.status, self.locked, self.locks_after, self.wrong = fault(), 200, "", 99, 0
        self.passes = {("brand", "the-true-one"), ("brand", "helps")}

    def answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        login, secret = re.findall(r"<string>([^<]*)</string>", body)
        if self.locked and self.wrong >= self.locks_after:
            self._say(request, 200, self.locked)
        elif (login, secret) in self.passes:
            self._say(request, 200, TAKEN)
        else:
            self.wrong += 1
            self._say(request, self.status, self.says)

    def _say(self, request: BaseHTTPRequestHandler, status: int, text: str) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(text.encode())))
        request.end_headers()
        request.wfile.write(text.encode())


@contextmanager
def probing(site: Site) -> Iterator[WordPress]:
    bodies: list[str] = []

    def say(request: BaseHTTPRequestHandler) -> None:
        site.answer(request, bodies.pop())

    with serving(say, heard=lambda body: bodies.append(body.decode())) as (url, _):
        helper = Helper(login="brand", kind="app-password", secret=Secret("helps"))
        target = Target(handle="blog", url=url, login="brand", kind="password", label="govern-00000000", helper=helper)
        yield WordPress(target, Http(read(url, "blog"), lambda: 0.0))


def test_control_a_wrong_password_is_wrong_and_the_true_one_works() -> None:
    with probing(Site()) as connector:
        assert [connector.probe(one).answer for one in (WRONG, TRUE, WRONG)] == [Answer.INVALID, Answer.VALID, Answer.INVALID]


@pytest.mark.parametrize(
    ("says", "status"),
    [
        (fault("Too many failed login attempts. Please try again in 20 minutes."), 200),
        (fault("Zu viele Versuche"), 200),
        (fault(code=429), 200),
        (fault(code=405), 200),
        (fault().replace("faultString", "reason"), 200),
        ("<html><title>403 Forbidden</title></html>", 403),
        (f"<html>{fault()}</html>", 403),
        (f"<!-- {fault()} -->", 200),
        (fault() + "<p>blocked</p>", 200),
        (fault(), 503),
        ("", 403),
        (TAKEN, 403),
    ],
)
def test_whatever_else_says_403_is_no_word_on_the_password(says: str, status: int) -> None:
    site = Site()
    site.says, site.status = says, status
    with probing(site) as connector:
        assert connector.probe(WRONG).answer is Answer.INCONCLUSIVE


def test_a_lock_out_in_the_words_of_wordpress_is_found_by_a_login_that_works() -> None:
    """WordPress itself hides why a login was refused: a plug-in that locks everybody out gets the sentence of a wrong password."""
    site = Site()
    site.locked, site.locks_after = fault(), 0
    with probing(site) as connector:
        assert connector.probe(TRUE).answer is Answer.INCONCLUSIVE
        assert "its own application password" in connector.probe(WRONG).why


def test_a_lock_out_that_the_probe_itself_set_off() -> None:
    site = Site()
    with probing(site) as connector:
        assert connector.probe(TRUE).answer is Answer.VALID
        site.locked, site.locks_after = fault(), 1
        refused = connector.probe(WRONG)
        assert (refused.answer, "took just now" in refused.why) == (Answer.INCONCLUSIVE, True)


def test_a_site_in_another_language_is_understood_once_it_took_a_password() -> None:
    site = Site()
    site.says = fault("Benutzername oder Passwort stimmen nicht.")
    with probing(site) as connector:
        assert connector.probe(WRONG).answer is Answer.INCONCLUSIVE
        assert [connector.probe(one).answer for one in (TRUE, WRONG)] == [Answer.VALID, Answer.INVALID]
