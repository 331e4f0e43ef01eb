"""Custody: where the 32-byte seed of a member's keys lies, one file per way. Knows files and keyrings, no people and no environment."""

from __future__ import annotations

from govern.vault.custody.choose import WAYS_ON, choose, create_seed, load_seed
from govern.vault.custody.keyring import GRADE, find_backend
from govern.vault.custody.record import Custody, SeedRecord, read_record, write_record

__all__ = [
    "GRADE",
    "WAYS_ON",
    "Custody",
    "SeedRecord",
    "choose",
    "create_seed",
    "find_backend",
    "load_seed",
    "read_record",
    "write_record",
]
