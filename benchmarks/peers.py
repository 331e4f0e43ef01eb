"""Other programs at the same job, where they are on this machine: one secret of a hundred, read cold by the command line.

Nothing is installed for it. What each costs depends on its key derivation more than on anything else; govern's key lies in a key file
here, as that of age and the agentless gpg key of pass do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from measure import Result, environment, ms, processes
from member import found

COUNT = 100
Command = tuple[Sequence[str], Mapping[str, str]]


def _do(words: Sequence[str], env: Mapping[str, str], folder: Path, given: str = "") -> None:
    subprocess.run(words, env=dict(env), cwd=folder, input=given.encode(), check=True, capture_output=True)


def age(folder: Path) -> Command:
    env = environment(HOME=str(folder))
    _do(["age-keygen", "-o", "key"], env, folder)
    recipient = next(line.split()[-1] for line in (folder / "key").read_text().splitlines() if "public key" in line)
    for number in range(COUNT):
        _do(["age", "-r", recipient, "-o", f"{number}.age"], env, folder, f"secret {number}")
    return ["age", "-d", "-i", str(folder / "key"), str(folder / "3.age")], env


def pass_(folder: Path) -> Command:
    env = environment(GNUPGHOME=str(folder), PASSWORD_STORE_DIR=str(folder / "store"), HOME=str(folder))
    _do(
        ["gpg", "-q", "--batch", "--passphrase", "", "--quick-generate-key", "bench@example.test", "future-default", "default", "never"],
        env,
        folder,
    )
    _do(["pass", "init", "bench@example.test"], env, folder)
    for number in range(COUNT):
        _do(["pass", "insert", "-e", f"brand/{number}"], env, folder, f"secret {number}\n")
    return ["pass", "show", "brand/3"], env


def keepassxc(folder: Path) -> Command:
    env = environment(HOME=str(folder), QT_QPA_PLATFORM="offscreen")
    (folder / "key").write_bytes(os.urandom(64))
    _do(["keepassxc-cli", "db-create", "-q", "-k", "key", "a.kdbx"], env, folder)
    for number in range(COUNT):
        _do(
            ["keepassxc-cli", "add", "-q", "--no-password", "-k", "key", "-p", "a.kdbx", f"brand{number}"],
            env,
            folder,
            f"secret {number}\n",
        )
    file, key = str(folder / "a.kdbx"), str(folder / "key")
    return ["keepassxc-cli", "show", "-q", "-s", "-a", "Password", "--no-password", "-k", key, file, "brand3"], env


def ansible(folder: Path) -> Command:
    env = environment(HOME=str(folder), LC_ALL="C.UTF-8")
    (folder / "p").write_text(os.urandom(16).hex())
    (folder / "v.yml").write_text("".join(f"brand{number}: secret {number}\n" for number in range(COUNT)))
    _do(["ansible-vault", "encrypt", "--vault-password-file", "p", "v.yml"], env, folder)
    return ["ansible-vault", "view", "--vault-password-file", str(folder / "p"), str(folder / "v.yml")], env


PEERS: dict[str, Callable[[Path], Command]] = {"age": age, "pass": pass_, "keepassxc-cli": keepassxc, "ansible-vault": ansible}


def ours(folder: Path) -> Command:
    member = found(folder)
    rows = "".join(f"brand{number},instagram,brand{number},secret {number}\n" for number in range(COUNT))
    (folder / "in.csv").write_text("account,platform,login,password\n" + rows)
    words, env = member.command("import", str(folder / "in.csv"), "--json")
    _do(words, env, folder)
    return member.command("reveal", "brand3", "--stdout")


def run(folder: Path, *, quick: bool) -> Iterator[Result]:
    mine = ours(folder / "govern")
    work = f"one secret of {COUNT}, cold; govern records it first"
    for name, prepare in PEERS.items():
        if shutil.which(name) is None:
            yield Result(work=work, subject="", floor=f"{name}: not installed")
            continue
        (folder / name).mkdir(mode=0o700)
        theirs = prepare(folder / name)
        us, them = processes(5 if quick else 11, mine, theirs)
        yield Result(work=work, subject=ms(us.wall), floor=f"{name} {ms(them.wall)}", ratio=us.wall / them.wall)
