"""Every way in which govern says no, one class per family, one exit code per class.

A message says which thing, what is wrong and what to do next, in lower case and without a full stop. It never contains a secret, nor
bytes from which one follows. `hint` is the command or the step that leads on; `code` is a stable word for scripts.
"""

from __future__ import annotations


class GovernError(Exception):
    """Base of all; never raised itself."""

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code


class Failed(GovernError):
    """The world did not do its part: disk, network, platform, a busy database."""

    exit_code = 1
    code = "failed"


class Usage(GovernError):
    """The call itself is wrong: a missing option, a value that can't be read."""

    exit_code = 2
    code = "usage"


class NotFound(GovernError):
    """No person, account, case, version or file of that name."""

    exit_code = 3
    code = "not-found"


class Refused(GovernError):
    """A rule or a missing role says no. `rule` names the rule, `control` the control id it comes from (NIST SP 800-53)."""

    exit_code = 4
    code = "refused"

    def __init__(self, message: str, *, rule: str = "", control: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.rule = rule
        self.control = control


class Locked(GovernError):
    """No usable key on this machine, or the wrong passphrase."""

    exit_code = 5
    code = "locked"


class IntegrityError(GovernError):
    """The store was altered, forged, rolled back or forked. `index` is the entry concerned, where one can be named."""

    exit_code = 6
    code = "integrity"

    def __init__(
        self,
        message: str,
        *,
        index: int | None = None,
        expected: str = "",
        found: str = "",
        hint: str = "",
        code: str = "",
    ) -> None:
        where = f"entry {index}: " if index is not None else ""
        parts = [f"{name} {value}" for name, value in (("expected", expected), ("found", found)) if value]
        detail = f" ({', '.join(parts)})" if parts else ""
        super().__init__(f"{where}{message}{detail}", hint=hint, code=code)
        self.index = index
        self.expected = expected
        self.found = found


class Malformed(GovernError):
    """Bytes that are not what they claim to be: a file to import, a sheet, an event, a policy."""

    exit_code = 1
    code = "malformed"
