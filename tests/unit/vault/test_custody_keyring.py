"""A keyring is used only if we know its class and it gives back what it was given."""

from __future__ import annotations

from typing import Any

import pytest
from keyring.backends import chainer, fail, null

from govern.errors import Locked, Refused
from govern.vault.custody import keyring as module
from govern.vault.secret import SecretBytes

SEED = SecretBytes(b"s" * 32)


class Box:
    """What a working back end does, in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, entry: str) -> str | None:
        return self.entries.get((service, entry))

    def set_password(self, service: str, entry: str, value: str) -> None:
        self.entries[service, entry] = value


def named(module_name: str, name: str, **members: Any) -> Any:
    """A back end in memory whose class has this name."""
    return type(name, (Box,), {"__module__": module_name, "__qualname__": name, **members})()


@pytest.fixture(params=sorted(module.ALLOWED), ids=lambda pair: pair[0])
def known(request: pytest.FixtureRequest) -> Any:
    return named(*request.param)


def test_a_known_back_end_keeps_the_seed_as_one_short_line(known: Any) -> None:
    """58 characters: the Windows vault takes 1,280 at most."""
    module.write(known, "entry", SEED)
    assert module.read(known, "entry") == SEED
    ((place, line),) = known.entries.items()
    assert place == ("govern", "entry")
    assert len(line) == 58


@pytest.mark.parametrize(
    "backend",
    [
        null.Keyring(),
        fail.Keyring(),
        named("keyrings.alt.file", "PlaintextKeyring"),
        named("keyrings.cryptfile.cryptfile", "CryptFileKeyring"),
        named("keyring.backends.SecretService", "Keyring2"),
        named("other.SecretService", "Keyring"),
        named("keyring.backends.chainer", "ChainerBackend", backends=[null.Keyring(), fail.Keyring()]),
        chainer.ChainerBackend(),
        object(),
    ],
    ids=lambda backend: f"{type(backend).__module__}.{type(backend).__qualname__}",
)
def test_null_plaintext_and_unknown_back_ends_are_refused_before_they_see_the_seed(backend: Any) -> None:
    with pytest.raises(Locked) as caught:
        module.write(backend, "entry", SEED)
    assert caught.value.exit_code == 5
    assert not getattr(backend, "entries", {})
    with pytest.raises(Locked):
        module.read(backend, "entry")


def test_attack_the_null_back_end_says_yes_and_keeps_nothing() -> None:
    """Why reading back is not optional."""
    null.Keyring().set_password("govern", "entry", "secret")
    assert null.Keyring().get_password("govern", "entry") is None


def test_from_a_chain_only_the_known_one_is_used() -> None:
    plain, safe = named("keyrings.alt.file", "PlaintextKeyring"), named("keyring.backends.SecretService", "Keyring")
    chain = named("keyring.backends.chainer", "ChainerBackend", backends=[plain, safe])
    module.write(chain, "entry", SEED)
    assert (len(plain.entries), len(safe.entries)) == (0, 1)


@pytest.mark.parametrize("given", [None, "", "GOVERN-SEED-1 " + "A" * 43 + "=", "something else", "ä", 5])
def test_a_back_end_that_gives_back_something_else_is_refused(given: Any) -> None:
    calls = iter([None, given])
    backend = named("keyring.backends.SecretService", "Keyring", get_password=lambda *_: next(calls))
    with pytest.raises(Locked, match="did not give back"):
        module.write(backend, "entry", SEED)


def test_an_entry_that_exists_is_not_overwritten(known: Any) -> None:
    module.write(known, "entry", SEED)
    with pytest.raises(Refused) as caught:
        module.write(known, "entry", SecretBytes(b"t" * 32))
    assert caught.value.code == "exists"
    assert module.read(known, "entry") == SEED


@pytest.mark.parametrize("kind", [RuntimeError, OSError, KeyError])
def test_whatever_a_desktop_raises_means_locked_and_is_not_quoted(kind: type[Exception]) -> None:
    def broken(*_: str) -> None:
        raise kind("prompt dismissed for GOVERN-SEED-1")

    backend = named("keyring.backends.SecretService", "Keyring", get_password=broken)
    for act in (lambda: module.read(backend, "entry"), lambda: module.write(backend, "entry", SEED)):
        with pytest.raises(Locked) as caught:
            act()
        assert "SEED" not in str(caught.value)
        assert caught.value.__context__ is None


def test_a_missing_or_foreign_entry_is_locked(known: Any) -> None:
    with pytest.raises(Locked):
        module.read(known, "entry")
    known.set_password("govern", "entry", "not a seed")
    with pytest.raises(Locked):
        module.read(known, "entry")


def test_looking_for_a_back_end_ignores_what_environment_and_plug_ins_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    found = module.find_backend()
    assert found is None or (type(found).__module__, type(found).__qualname__) in module.ALLOWED


def test_of_two_that_work_the_preferred_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Namespace:
        pass

    def load(name: str) -> Any:
        space = Namespace()
        if name == "keyring.backends.SecretService":
            space.Keyring = type(named(name, "Keyring", priority=4))  # type: ignore[attr-defined]
        if name == "keyring.backends.kwallet":
            space.DBusKeyring = type(named(name, "DBusKeyring", priority=5))  # type: ignore[attr-defined]
        return space

    monkeypatch.setattr(module.importlib, "import_module", load)
    assert type(module.find_backend()).__module__ == "keyring.backends.kwallet"
