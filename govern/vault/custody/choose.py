"""Choosing a custody once, making the seed there, and loading it ever after from that place alone.

Knows the three ways and their order; reads no environment and asks nobody: paths, passphrase and back end come in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, assert_never

from govern.errors import Locked
from govern.vault.custody import keyfile, keyring
from govern.vault.custody import passphrase as passphrase_file
from govern.vault.custody.files import present
from govern.vault.custody.record import Custody, SeedRecord
from govern.vault.keys import SEED_BYTES, Keys
from govern.vault.secret import Secret, SecretBytes

WAYS_ON: Final = (
    "name a key file (--key-file F or GOVERN_KEY_FILE=F), or give a passphrase on a terminal, or install and unlock a desktop keyring "
    "(Secret Service, KWallet, macOS, Windows)"
)


def choose(home: Path, entry: str, *, key_file: Path | None, backend: Any | None, terminal: bool) -> tuple[Custody, str]:
    """(custody, where) for a new seed: a key file that was named, else an allow-listed keyring, else a passphrase where one can be asked.

    `entry`: name for a keyring entry. A back end that isn't allow-listed counts as none. Raises Locked with the three ways on.
    """
    if key_file is not None:
        return Custody.KEYFILE, str(key_file.absolute())
    if backend is not None:
        try:
            keyring.allowed(backend)
            return Custody.KEYRING, entry
        except Locked:
            pass
    if terminal:
        return Custody.PASSPHRASE, str((home / "seed.passphrase").absolute())
    raise Locked("there is no place on this machine where keys could be kept", hint=WAYS_ON)


def create_seed(
    custody: Custody,
    where: str,
    *,
    random: Callable[[int], bytes],
    passphrase: Callable[[], Secret] | None = None,
    backend: Any | None = None,
) -> SecretBytes:
    """Draw a seed, keep it there, and give it back. A key file that exists already is read instead (systemd puts it there).

    Raises Refused (code `exists`) where another custody holds something at that place, Locked, Failed.
    """
    seed = SecretBytes(random(SEED_BYTES))
    match custody:
        case Custody.KEYFILE:
            if present(Path(where), keyfile.WHAT):
                return keyfile.read(Path(where))
            keyfile.write(Path(where), seed)
        case Custody.PASSPHRASE:
            passphrase_file.write(Path(where), seed, _asked(passphrase), random=random)
        case Custody.KEYRING:
            keyring.write(_found(backend), where, seed)
        case _:
            assert_never(custody)
    return seed


def load_seed(
    record: SeedRecord,
    *,
    passphrase: Callable[[], Secret] | None = None,
    key_file: Path | None = None,
    backend: Any | None = None,
) -> SecretBytes:
    """The seed from the recorded custody; a key file that is named stands in for it, if it holds the very same seed.

    Never falls from one custody to another by itself. Raises Locked where the seed isn't there, can't be opened or is another key's.
    """
    if key_file is not None:
        if not present(key_file, keyfile.WHAT):
            raise Locked(f"the key file {key_file} is not there", hint=WAYS_ON)
        return _same_key(keyfile.read(key_file), record, str(key_file))
    match record.custody:
        case Custody.KEYFILE:
            if not present(Path(record.where), keyfile.WHAT):
                raise Locked(f"the key file {record.where} is not there", hint=WAYS_ON)
            seed = keyfile.read(Path(record.where))
        case Custody.PASSPHRASE:
            seed = passphrase_file.read(Path(record.where), lambda: _asked(passphrase))
        case Custody.KEYRING:
            seed = keyring.read(_found(backend), record.where)
        case _:
            assert_never(record.custody)
    return _same_key(seed, record, record.where)


def _same_key(seed: SecretBytes, record: SeedRecord, where: str) -> SecretBytes:
    if Keys.from_seed(seed).id != record.key:
        raise Locked(f"{where} holds another key than the one enrolled here", hint=f"the enrolled key is {record.key.hex()}")
    return seed


def _asked(passphrase: Callable[[], Secret] | None) -> Secret:
    if passphrase is None:
        raise Locked("the keys are under a passphrase, and there is no terminal to ask for it", hint=WAYS_ON)
    return passphrase()


def _found(backend: Any | None) -> Any:
    backend = keyring.find_backend() if backend is None else backend
    if backend is None:
        raise Locked("the keys are in a desktop keyring, and none can be reached", hint=WAYS_ON)
    return backend
