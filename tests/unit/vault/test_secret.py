"""A secret shows itself nowhere but where `reveal` is called by name."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback
from typing import Any

import pytest

from govern.errors import GovernError, Malformed, Refused
from govern.vault.keys import Keys
from govern.vault.seal import DataKey
from govern.vault.secret import Secret, SecretBytes

VALUE = "hunter2-correct-horse"
EVERY = [Secret(VALUE), SecretBytes(VALUE.encode()), DataKey(VALUE.encode()), Keys.from_seed(VALUE.encode().ljust(32, b"."))]


@pytest.fixture(params=EVERY, ids=lambda one: type(one).__name__)
def masked(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_the_value_comes_out_by_name_and_unchanged() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert SecretBytes(b"\0\xff").reveal_bytes() == b"\0\xff"


def test_printing_shows_the_mask_whatever_the_format(masked: Any) -> None:
    mask = f"{type(masked).__name__}(…)"
    assert [repr(masked), str(masked), f"{masked}", f"{masked:>40}", f"{masked!r}", "%s" % masked, f"{[masked]}"] == [  # noqa: UP031
        *[mask] * 6,
        f"[{mask}]",
    ]


def test_json_refuses_and_with_a_default_writes_the_mask(masked: Any) -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"x": masked})
    assert VALUE not in str(caught.value)
    assert VALUE not in json.dumps({"x": masked}, default=str)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_is_refused_in_every_protocol(masked: Any, protocol: int) -> None:
    with pytest.raises(Refused) as caught:
        pickle.dumps(masked, protocol)
    assert VALUE not in str(caught.value)


def test_copies_are_masked_as_well(masked: Any) -> None:
    assert VALUE not in repr([copy.copy(masked), copy.deepcopy(masked), copy.deepcopy({"x": [masked]})])


def test_logging_and_tracebacks_show_the_mask(masked: Any, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("opened %s and %r", masked, masked)
    try:
        raise ValueError(masked)
    except ValueError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "(…)" in caplog.text
    assert VALUE not in caplog.text
    assert "(…)" in text
    assert VALUE not in text


def test_dataclasses_that_hold_one_stay_masked(masked: Any) -> None:
    @dataclasses.dataclass
    class Holder:
        secret: object

    holder = Holder(masked)
    assert VALUE not in repr(holder)
    assert VALUE not in repr(dataclasses.asdict(holder))
    assert dataclasses.asdict(holder)["secret"] is masked


def test_no_dictionary_of_attributes_to_print(masked: Any) -> None:
    with pytest.raises(TypeError):
        vars(masked)


def test_hashing_is_refused_because_a_hash_is_a_digest_of_the_value(masked: Any) -> None:
    with pytest.raises(TypeError):
        hash(masked)


def test_equal_values_are_equal_and_nothing_else_is() -> None:
    assert Secret("ä\ud800") == Secret("ä\ud800")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert SecretBytes(b"a") == SecretBytes(b"a")
    assert SecretBytes(b"a") != SecretBytes(b"b")
    assert SecretBytes(b"a") != Secret("a")


def test_equality_compares_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        calls.append((one, other))
        return True

    monkeypatch.setattr("govern.vault.secret.hmac.compare_digest", compare)
    assert Secret("a") == Secret("b")
    assert SecretBytes(b"a") == SecretBytes(b"b")
    assert calls == [(b"a", b"b")] * 2


@pytest.mark.parametrize(("kind", "value"), [(Secret, b"x"), (Secret, None), (SecretBytes, "x"), (SecretBytes, bytearray(b"x"))])
def test_another_type_is_refused_without_being_quoted(kind: Any, value: object) -> None:
    with pytest.raises(Malformed) as caught:
        kind(value)
    assert isinstance(caught.value, GovernError)
    assert "x" not in str(caught.value).replace("text", "")
