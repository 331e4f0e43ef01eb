"""What the models of all shipped files have in common: strict, closed, frozen, hyphens in keys. Slow to import: for reading files only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Version = Annotated[int, Field(ge=1, le=1, description="of the form of this file")]
Tier = Literal["critical", "standard", "low"]
Kind = Literal["password", "totp", "backup-codes", "api-token", "app-password", "passkey", "recovery-email", "recovery-phone"]


def _by_alias(name: str) -> str:
    return name.replace("_", "-")


class Model(BaseModel):
    """Strict, closed and frozen; keys are written with hyphens."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_by_alias)
