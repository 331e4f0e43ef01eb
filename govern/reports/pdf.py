"""The evidence on paper: typst (extra `pdf`) lays out values that it is handed as JSON. No text of ours or a name is ever read as markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from govern.errors import Usage

TEMPLATE = Path(__file__).parent / "templates" / "evidence.typ"


def document(values: dict[str, Any]) -> bytes:
    """A document of A4 pages from the values of `evidence_page.values`. Raises Usage where typst is not installed."""
    try:
        import typst
    except ImportError:
        raise Usage("a PDF needs typst, which is not installed", hint="pip install 'govern[pdf]', or print evidence.html") from None
    made = typst.compile(TEMPLATE, format="pdf", sys_inputs={"page": json.dumps(values)})
    return bytes(made)
