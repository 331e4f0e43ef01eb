"""Opens KDBX 3.1 and 4 through pykeepass (extra `keepass`), with passphrase, key file or both, and reads what lies inside.

Knows how pykeepass behaves: whatever it raises on a damaged file becomes one of our errors here and nowhere else. What entries mean is
`kdbx_entries`.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from govern.errors import Failed, GovernError, Locked, Malformed
from govern.importers import kdbx_entries, kdbx_header
from govern.importers.login import Reading
from govern.vault.secret import Secret

MOST_INSIDE = 256 << 20
"""Bytes of a database after decompression."""

_WRONG = "the passphrase or the key file does not open this KDBX file"
_CUT = "this KDBX file was altered or cut off"
_AGAIN = "save it again with KeePassXC, or take yesterday's copy"


def read(data: bytes, passphrase: Callable[[], Secret] | None, keyfile: bytes | None) -> Reading:
    """Every entry that has a login name, a password or a seed. `keyfile` is the key file's contents.

    Failed: the extra is not installed, or the file asks for too much work. Locked: no passphrase nor key file, or the wrong ones.
    Malformed: no whole KDBX file.
    """
    header = kdbx_header.parse(data)
    _needed()
    if passphrase is None and keyfile is None:
        raise Locked("this KDBX file is locked", hint="give --passphrase-file, --kdbx-keyfile or both, or answer the prompt")
    word = passphrase().reveal() if passphrase is not None else ""
    if any("\ud800" <= sign <= "\udfff" for sign in word):
        raise Locked(_WRONG, hint="the passphrase is not valid Unicode text")
    if keyfile is not None and not word:
        try:
            root, broken = _opened(data, header, None, keyfile)
        except Locked:  # an empty passphrase is something else than none
            root, broken = _opened(data, header, "", keyfile)
    else:
        root, broken = _opened(data, header, word, keyfile)
    try:
        return kdbx_entries.read(root, broken)
    except GovernError:
        raise
    except Exception:  # the tree is authentic but may hold anything: text where a number belongs, missing parts
        raise Malformed("a KDBX file whose entries can't be read", hint=_AGAIN) from None


def _needed() -> None:
    try:
        import pykeepass  # noqa: F401
    except ImportError:
        raise Failed(
            "reading KDBX needs pykeepass, which is not installed", hint="in the folder of its source: pip install '.[keepass]'"
        ) from None


def _opened(
    data: bytes, header: kdbx_header.Header, word: str | None, keyfile: bytes | None
) -> tuple[kdbx_entries.Node, frozenset[kdbx_entries.Node]]:
    """The root of the XML inside, and the protected values in it that could not be read."""
    from pykeepass import PyKeePass
    from pykeepass.exceptions import CredentialsError
    from pykeepass.kdbx_parsing.common import compute_key_composite

    try:
        with _heard() as paths, _bounded():
            stretched = None
            if header.rounds:
                key = compute_key_composite(word, io.BytesIO(keyfile) if keyfile is not None else None)
                stretched = _stretched(key, header.seed, header.rounds)
            database = PyKeePass(
                io.BytesIO(data),
                password=word,
                keyfile=io.BytesIO(keyfile) if keyfile is not None else None,
                transformed_key=stretched,
            )
            root = database.tree.getroot()
            broken = frozenset(element for path in paths for element in root.getroottree().xpath(path))
            _check_header(root, header)
    except GovernError:
        raise
    except CredentialsError:
        raise Locked(_WRONG, hint="a KDBX file with a key file needs --kdbx-keyfile; a damaged file may look like this too") from None
    except Exception:  # construct, lxml, struct, zlib, assert, KeyError …: pykeepass checks little by itself
        raise Malformed(_CUT, hint=_AGAIN) from None
    return root, broken


def _check_header(root: kdbx_entries.Node, header: kdbx_header.Header) -> None:
    """KDBX 3 vouches for its header only inside (Meta/HeaderHash), and pykeepass does not look."""
    stated = root.findtext("Meta/HeaderHash")
    if header.major == 3 and stated and b64decode(stated) != hashlib.sha256(header.raw).digest():
        raise Malformed(_CUT, hint=_AGAIN)


def _stretched(key: bytes, seed: bytes, rounds: int) -> bytes:
    """AES-KDF: each half of the key encrypted `rounds` times, then SHA-256 over both.

    CBC over zeros is repeated encryption, since each block is the last one encrypted again; it takes seconds where pykeepass, which
    calls once per round, takes minutes for the rounds that programs set up today.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    halves = []
    for half in (key[:16], key[16:]):
        encryptor = Cipher(algorithms.AES(seed), modes.CBC(half)).encryptor()
        left = rounds
        while left:
            now = min(left, 1 << 16)
            half = encryptor.update(bytes(16 * now))[-16:]
            left -= now
        halves.append(half)
    return hashlib.sha256(b"".join(halves)).digest()


@contextmanager
def _heard() -> Iterator[list[str]]:
    """pykeepass leaves a protected value that it can't read as ciphertext and says so only to logging: listen there."""
    paths: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            words = record.getMessage().split()
            paths.extend(word for word in words if word.startswith("/"))

    source = logging.getLogger("pykeepass")
    listener, propagate = Listener(logging.ERROR), source.propagate
    source.addHandler(listener)
    source.propagate = False
    try:
        yield paths
    finally:
        source.removeHandler(listener)
        source.propagate = propagate


@contextmanager
def _bounded() -> Iterator[None]:
    """pykeepass decompresses whatever it is given: for as long as it works here, no more than `MOST_INSIDE`."""
    from pykeepass.kdbx_parsing import common

    class Bounded:
        def __getattr__(self, name: str) -> object:
            return getattr(zlib, name)

        @staticmethod
        def decompress(data: bytes, wbits: int) -> bytes:
            inflater = zlib.decompressobj(wbits)
            inside = inflater.decompress(data, MOST_INSIDE + 1)
            if len(inside) > MOST_INSIDE:
                raise Malformed(f"a KDBX file with more than {MOST_INSIDE >> 20} MiB inside")
            if not inflater.eof:
                raise Malformed(_CUT, hint=_AGAIN)
            return inside

    common.zlib = Bounded()
    try:
        yield
    finally:
        common.zlib = zlib
