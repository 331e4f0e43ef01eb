"""A program of its own: waits, then empties the clipboard if it still holds what was put there. Knows a salted digest, never the secret.

Started by `govern.cli.clipboard` with the digest on stdin; uses nothing but the standard library, so that it starts alone.
"""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
import time

READ = {
    "wl-copy": ("wl-paste", "--no-newline"),
    "xclip": ("xclip", "-selection", "clipboard", "-o"),
    "xsel": ("xsel", "--clipboard", "--output"),
    "pbcopy": ("pbpaste",),
    "clip.exe": ("powershell.exe", "-NoProfile", "-Command", "Get-Clipboard -Raw"),
}
"""Program -> how its clipboard is read."""

CLEAR = {
    "wl-copy": ("wl-copy", "--clear"),
    "xclip": ("xclip", "-selection", "clipboard"),
    "xsel": ("xsel", "--clipboard", "--clear"),
    "pbcopy": ("pbcopy",),
    "clip.exe": ("clip.exe",),
}
"""Program -> how its clipboard is emptied; stdin is empty."""


def forget(program: str, ticket: bytes) -> bool:
    """Empty the clipboard where SHA-256(16-byte salt ‖ its text) is the ticket's digest; whether it was emptied."""
    held = subprocess.run(READ[program], stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False).stdout
    salt, digest = ticket[:16], ticket[16:]
    for text in (held, held.removesuffix(b"\n"), held.removesuffix(b"\r\n")):  # some programs end the text with a line break
        if hmac.compare_digest(hashlib.sha256(salt + text).digest(), digest):
            subprocess.run(CLEAR[program], input=b"", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False)
            return True
    return False


if __name__ == "__main__":
    given = sys.stdin.buffer.read(48)
    time.sleep(float(sys.argv[2]))
    forget(sys.argv[1], given)
