"""The policy in force, as the ledger adopted it: read without YAML and without pydantic."""

from __future__ import annotations

import json
import sqlite3

from govern.errors import NotFound
from govern.policy.rules import Policy
from govern.register.connection import state


def policy(db: sqlite3.Connection) -> Policy:
    text = state(db, "policy")
    if text is None:
        raise NotFound("this vault has no policy")
    return Policy.from_record(json.loads(text))
