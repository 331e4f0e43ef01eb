"""`govern offboard report`, the evidence pack: a folder that an auditor takes away. Knows the files and their digests, not what they say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from govern.cli.files import write_into

if TYPE_CHECKING:
    from govern.procedures.evidence import Evidence


def write(folder: Path, evidence: Evidence, locale: str, *, pdf: bool) -> list[Path]:
    """Write the pack, and last the digests of all of it (`sha256sum -c SHA256SUMS`). Raises OSError, and Usage where there is no PDF to be had."""
    from govern.reports import evidence_page, pack, read_me

    files = {
        "README.txt": read_me.text(evidence.pack, locale).encode(),
        "checkpoint.note": evidence.note,
        "evidence.html": evidence_page.html(evidence.pack, locale).encode(),
        "evidence.json": pack.json(evidence.pack).encode(),
        "evidence.tlog-proof": evidence.proof,
    }
    if pdf:
        from govern.reports import pdf as printed

        files["evidence.pdf"] = printed.document(evidence_page.values(evidence.pack, locale))
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return [write_into(folder, name, data) for name, data in [*files.items(), ("SHA256SUMS", sums.encode())]]
