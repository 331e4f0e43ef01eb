"""An import with sealed passwords: its rate beside the bare HPKE seals it needs, and its memory at two sizes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import Result, environment, mb, per_second, processes, spawn
from member import found

SEALS = (
    "import os, sys; from cryptography.hazmat.primitives.hpke import Suite, KEM, KDF, AEAD;"
    "from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey;"
    "s = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305); p = X25519PrivateKey.generate().public_key();"
    "[s.encrypt(bytes(32), p, info=bytes(200)) for _ in range(int(sys.argv[1]))]"
)


def table(path: Path, count: int) -> Path:
    """A spreadsheet of so many accounts with a password each."""
    rows = "".join(f"shop {n},instagram,brand{n}@acme.example,{os.urandom(9).hex()}\n" for n in range(count))
    path.write_text("account,platform,login,password\n" + rows)
    return path


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    few, many = (200, 800) if quick else (1_000, 10_000)
    peaks = {}
    for count in (few, many):
        member = found(folder / f"import-{count}")
        words, env = member.command("import", str(table(folder / f"{count}.csv", count)), "--json")
        ours = spawn(words, env)
        peaks[count] = ours.peak
        if count == few:
            continue
        (floor,) = processes(3, ([sys.executable, "-c", SEALS, str(2 * count)], environment()))
        yield Result(
            work=f"import of {count:,} accounts with passwords", subject=per_second(count, ours.wall, "accounts"),
            floor=f"bare HPKE seals {per_second(count, floor.wall, 'accounts')}", ratio=ours.wall / floor.wall,
        )  # fmt: skip
    yield Result(
        work=f"memory of an import, {many:,} accounts", subject=mb(peaks[many]), floor=f"{few:,} accounts {mb(peaks[few])}",
        ratio=peaks[many] / peaks[few],
    )  # fmt: skip
