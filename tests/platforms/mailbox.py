"""Where a server under test delivers its mail: as much of SMTP (RFC 5321) as it takes to receive some, on loopback, kept in memory."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy


class Mailbox:
    """`port` is where it listens; `mails` are (recipient, text) in the order in which they came."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[tuple[str, str]] = []

    def newest(self, to: str, *, after: int = 0, seconds: float = 30) -> str:
        """The text of the newest mail to that address, of those behind the first `after`; waits for one."""
        end = time.monotonic() + seconds
        while True:
            found = [text for recipient, text in self.mails[after:] if recipient == to]
            if found:
                return found[-1]
            assert time.monotonic() < end, f"no mail to {to} came: {[recipient for recipient, _ in self.mails]}"
            time.sleep(0.05)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """On a free port of this machine."""
    one = Mailbox()

    class Receives(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mailbox")
            to = ""
            while line := self.rfile.readline().decode(errors="replace").strip():
                match line.split(maxsplit=1)[0].upper().partition(":")[0]:
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case "RCPT":
                        to = line.partition("<")[2].partition(">")[0]
                        self.say("250 yes")
                    case "DATA":
                        self.say("354 go on")
                        one.mails.append((to, _text(self.data())))
                        self.say("250 yes")
                    case _:
                        self.say("250 yes")

        def data(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            return b"".join(lines)

    listening = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Receives)
    listening.daemon_threads = True
    one.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join(10)


def _text(data: bytes) -> str:
    body = message_from_bytes(data, policy=policy.default).get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""
