"""What `govern import` is given besides the file: a map of columns, a passphrase, and on a terminal the choice of what to take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.errors import Malformed, Usage

if TYPE_CHECKING:
    from govern.holdings.importing import Choice
    from govern.procedures.import_steps import Found
    from govern.vault.secret import Secret

_MOST_BYTES = 1 << 16


def columns(path: Path | None) -> Mapping[str, str] | None:
    """Our name for a column -> heading in the file, from lines `login = Gebruikersnaam`; blank lines and `#` comments are passed over."""
    if path is None:
        return None
    found: dict[str, str] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        role, equals, heading = line.partition("=")
        role = role.strip().casefold().replace("_", "-")
        if not equals or not role or not heading.strip() or role in found:
            raise Malformed(
                f"{path.name}: line {number} is no line of a map", hint="one column a line, for example: login = Gebruikersnaam"
            )
        found[role] = heading.strip()
    if not found:
        raise Malformed(f"{path.name} maps no column", hint="one column a line, for example: login = Gebruikersnaam")
    return found


class Passphrase:
    """Asked for only where the file is locked; `asked` tells whether it was."""

    def __init__(self, path: Path | None, file: str, keyfile: Path | None = None) -> None:
        for named in (path, keyfile):
            if named is not None:
                _present(named)
        self.asked = False
        self._path, self._file = path, file

    def source(self) -> Callable[[], Secret] | None:
        """None where neither a passphrase file was named nor anybody can be asked."""
        return self._get if self._path is not None or settings.current.terminal else None

    def _get(self) -> Secret:
        import sys
        from getpass import getpass

        from govern.vault.secret import Secret

        self.asked = True
        if self._path is None:
            return Secret(getpass(f"Passphrase of {render.safe(self._file)}: ", stream=sys.stderr))
        return Secret(_text(self._path).removesuffix("\n").removesuffix("\r"))


def _present(path: Path) -> None:
    """NotFound where a file that was named is not there, needed or not: a slip of the hand is told before anything is done."""
    from govern.errors import NotFound

    if not settings.place(path).exists():
        raise NotFound(f"there is no file {path}", hint="check the name")


def _text(path: Path) -> str:
    from govern.importers.read import contents

    try:
        return contents(path, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(f"{path.name} is not UTF-8 text") from None


def ask_choice(logins: Sequence[Found]) -> Choice | None:
    """Show what the file holds and ask what to take; None for nothing."""
    from govern.cli.prompt import ask
    from govern.holdings.importing import Choice

    rows = _groups(logins)
    render.note(f"{render.count(len(logins), 'login')}:")
    for number, (kind, name, count) in enumerate(rows, start=1):
        render.note(f"{number:>4}  {kind:<10}  {count:>6}  {render.safe(name)}")
    answer = ask("Import all? y for all, n for nothing, or numbers of the above, apart by commas", default="y").casefold()
    if answer in ("y", "yes", "j", "ja", "o", "oui", "s", "sí", "si", "all"):
        return Choice()
    if answer in ("n", "no", "nee", "nej", "nei", "non", "q"):
        return None
    picked: dict[str, list[str]] = {"folder": [], "collection": [], "platform": []}
    for word in answer.replace(",", " ").split():
        if not word.isdecimal() or not 1 <= int(word[:9]) <= len(rows):
            raise Usage(f"{word[:20]!r} is none of the numbers", hint=f"1 to {len(rows)}, y or n")
        kind, name, _ = rows[int(word) - 1]
        picked[kind].append(name)
    return Choice(folders=tuple(picked["folder"]), collections=tuple(picked["collection"]), platforms=tuple(picked["platform"]))


def _groups(logins: Sequence[Found]) -> list[tuple[str, str, int]]:
    """(kind, name, logins) of each folder, collection and platform."""
    folders = Counter(login.folder for login, _ in logins if login.folder)
    collections = Counter(name for login, _ in logins for name in login.collections if name)
    platforms = Counter(where.platform for _, where in logins)
    counted = (("folder", folders), ("collection", collections), ("platform", platforms))
    return [(kind, name, counts[name]) for kind, counts in counted for name in sorted(counts)]
