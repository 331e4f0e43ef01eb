"""A firm that has rules for who speaks in its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from govern.register.queries import findings, policies

from ..departing.conftest import Company, company, copied, originals  # noqa: F401


class House(Company):
    """Mia and bo are admins, hr is HR; cy answers for the page, with keys and no role; anna has no keys. The shop and the page publish, the box doesn't."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.enrol("bo", "admin")
        self.enrol("hr", "hr")
        self.enrol("cy")
        self.person("anna")
        self.account("shop", "mia")
        self.account("page", platform="linkedin", custodian="cy")
        self.account("box", platform="mailbox")

    def told(self, *codes: str) -> set[tuple[str, str, str]]:
        """(code, subject, severity) of the findings of these codes."""
        db = self.db()
        every = findings.findings(db, policies.policy(db), self.now[:10], self.ids["mia"])
        return {(one.code, one.subject, one.severity) for one in every if one.code in codes}

    def grant(self, account: str, person: str, **more: Any) -> None:
        self.fact(
            "grant.issued",
            {"grant": person.encode().hex().ljust(32, "0"), "account": self.ids[account], "person": self.ids[person], **more},
        )


house = copied(House)
