"""What is told of a refusal: its status and the platform's short name for it, and no sentence of the server's."""

from __future__ import annotations

import json

import pytest

from govern.connectors.http import Reply
from govern.connectors.refusals import bearer, named, told
from govern.vault.secret import Secret

SECRET = "never-to-be-seen"


def reply(**body: object) -> Reply:
    return Reply(403, {}, json.dumps(body).encode())


@pytest.mark.parametrize("name", ["M_FORBIDDEN", "AuthenticationRequired", "rest_not_logged_in"])
def test_a_name_is_told_with_its_status(name: str) -> None:
    assert named("error", reply(error=name)) == name
    assert told("error", reply(error=name)) == f"403 {name}"


@pytest.mark.parametrize("said", [f"you sent {SECRET}", SECRET, "", "x" * 61, "two\nlines", 7, None, ["M_FORBIDDEN"], {"a": "b"}])
def test_whatever_else_stands_there_is_not(said: object) -> None:
    assert (named("error", reply(error=said)), told("error", reply(error=said))) == ("", "403")
    assert told("error", Reply(500, {}, b"<html>")) == "500"


def test_a_token_stands_in_the_header_alone() -> None:
    assert bearer(Secret(SECRET)) == {"Authorization": f"Bearer {SECRET}"}
