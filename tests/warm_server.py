"""Imports everything that the installed command may need, then forks off a process for each command that it is asked for (see `warm.py`).

A command begins as the installed script does: that very file is run. It ends as Python ends a process, but for taking down what it had loaded.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

ALSO = (
    "babel.support", "icalendar", "jinja2", "pydantic", "ruamel.yaml", "shamir_mnemonic", "sqlalchemy.dialects.sqlite.pysqlite",
    "cryptography.hazmat.primitives.hpke", "cryptography.hazmat.primitives.asymmetric.ed25519", "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.scrypt", "cryptography.hazmat.primitives.kdf.hkdf", "psycopg", "sqlalchemy.dialects.postgresql.psycopg",
    "typer.main", "zxcvbn", "zoneinfo", "getpass", "subprocess",
)  # fmt: skip
"""What is imported where it is used; nothing that reads the environment then."""


def warm() -> None:
    import govern

    for module in pkgutil.walk_packages(govern.__path__, "govern."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    for name in ALSO:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    gc.collect()
    gc.freeze()


def stream(number: int, mode: str, like: Any) -> Any:
    """A standard stream as Python makes it at its start."""
    return open(number, mode, encoding=like.encoding, errors=like.errors, buffering=1 if os.isatty(number) else -1, closefd=False)


def become(asked: dict[str, Any], streams: list[int], tells: int) -> None:
    """The rest of this process is the command. Whoever asked hears of it (`tells`) when it stands where it should."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if asked["session"]:
        os.setsid()
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    for fd in streams:
        os.close(fd)
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.write(tells, str(os.getpid()).encode())
    os.close(tells)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.stdin = sys.__stdin__ = stream(0, "r", sys.stdin)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = stream(1, "w", sys.stdout)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = stream(2, "w", sys.stderr)  # type: ignore[misc]
    sys.argv = asked["command"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    os._exit(carried_out())


def carried_out() -> int:
    """The exit code."""
    code = 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for one in (sys.stdout, sys.stderr):
        try:
            one.flush()
        except (OSError, ValueError):
            code = code or 120
    return code


def serve(channel: socket.socket) -> None:
    """Until nobody is there any more to ask."""
    while True:
        message, streams, _, _ = socket.recv_fds(channel, 1 << 20, 3)
        if not message:
            return
        told, tells = os.pipe()
        between = os.fork()
        if not between:
            # Whoever has lost its parent becomes a child of the one that asked.
            if not os.fork():
                os.close(told)
                channel.close()
                become(json.loads(message), streams, tells)
            os._exit(0)
        for fd in (tells, *streams):
            os.close(fd)
        os.waitpid(between, 0)
        channel.send(os.read(told, 100))
        os.close(told)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm()
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        serve(asked)
