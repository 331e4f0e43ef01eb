"""The installed command as a process of its own, forked from one that has imported everything already.

Such a process is whole: its own id, memory, environment, folder, umask, streams, signals and exit code, and a child of whoever asked for it. Only what
Python does before the first line of the command is not done again. Where that is what matters (another `PYTHONPATH`, encoding or time
zone, code to run before), or where the system can't do it, the command is started as ever.
"""

from __future__ import annotations

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("warm_server.py")
_BEFORE = ("PYTHON", "LC_", "LANG", "TZ", "PATH")
"""Variables with these beginnings are read before the command's first line."""
_ORPHANS_ARE_OURS = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
_lock = threading.Lock()
_started: list[socket.socket] = []
KEPT = ("PATH", "PYTHONPATH", "LANG", "SYSTEMROOT")
"""What a command under test has of the environment of the tests themselves."""


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_BEFORE)}


_USUAL = _early({name: os.environ[name] for name in KEPT if name in os.environ})


def _server() -> socket.socket:
    """Started for the first command; it ends when we do."""
    if not _started:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            words = [sys.executable, str(SERVER), str(its.fileno())]
            server = subprocess.Popen(words, env=_USUAL, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(_end, ours, server)
        _started.append(ours)
    return _started[0]


def _end(ours: socket.socket, server: subprocess.Popen[bytes]) -> None:
    ours.close()
    server.wait(30)


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` of the installed command."""

    def _execute_child(self, *given: Any) -> None:
        asked = inspect.signature(super()._execute_child).bind(*given).arguments  # type: ignore[misc]
        command, environment = list(map(os.fspath, asked["args"])), asked["env"]
        plain = not any(asked[name] for name in ("preexec_fn", "pass_fds", "shell", "executable")) and asked["close_fds"]
        if not (plain and environment is not None and _early(environment) == _USUAL and _possible()):
            super()._execute_child(*given)  # type: ignore[misc]
            return
        mask = os.umask(0o077)
        os.umask(mask)
        wanted = {
            "command": command, "environment": environment, "folder": os.path.abspath(asked["cwd"] or "."), "umask": mask,
            "session": asked["start_new_session"],
        }  # fmt: skip
        streams = [
            fd if fd != -1 else standard
            for standard, fd in enumerate((asked["p2cread"], asked["c2pwrite"], asked["errwrite"]))
        ]  # fmt: skip
        try:
            with _lock:
                server = _server()
                socket.send_fds(server, [json.dumps(wanted).encode()], streams)
                self.pid = int(server.recv(100))
            self._child_created = True
        finally:
            ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            self._close_pipe_fds(*(asked[end] for end in ends))  # type: ignore[attr-defined]


def _possible() -> bool:
    """Whether whoever is forked off can be made a child of ours: then it is waited for and killed like any other."""
    global _adopting
    if _adopting is None:
        _adopting = sys.platform == "linux" and ctypes.CDLL(None).prctl(_ORPHANS_ARE_OURS, 1, 0, 0, 0) == 0
    return _adopting


_adopting: bool | None = None
