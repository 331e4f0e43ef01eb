"""The words that the fields of facts are made of: kinds, states, roles, causes.

Knows no fact by name, and of a word no more than how it is spelled. Words are only added: what a ledger has once said stays readable.
"""

from __future__ import annotations

from typing import Final

KINDS: Final = ("password", "totp", "backup-codes", "api-token", "app-password", "passkey", "recovery-email", "recovery-phone")
TIERS: Final = ("critical", "standard", "low")
ROLES: Final = ("admin", "hr", "auditor", "service")
TRIGGERS: Final = ("membership", "compromise", "first-import", "breach", "schedule", "manual")
CUSTODIES: Final = ("keyfile", "passphrase", "keyring")
PURPOSES: Final = ("join", "device", "rekey")
PLACE_KINDS: Final = ("sheet", "manager", "chat", "browser", "paper", "other")
PRESETS: Final = ("solo", "small", "team")
GRADES: Final = ("probed", "two-people", "one-person", "claimed", "on-behalf")
ANSWERS: Final = ("valid", "invalid", "inconclusive")
CASE_KINDS: Final = ("leaver", "mover", "agency-ended", "client-ended", "pause", "device-lost", "joiner")
DEVICE_KINDS: Final = ("phone", "sim", "laptop", "tablet", "security-key", "other")
DEVICE_ENDS: Final = ("returned", "lost", "wiped")
EXCEPTIONS: Final = ("second-factor", "acknowledgement", "training")
"""What a rule of the house may be set aside in, for a reason and until a day."""
FACTORS: Final = ("none", "sms", "totp", "security-key", "passkey", "app-prompt")
REGISTERED: Final = ("company", "personal", "none")
"""Whose mail address or phone is registered with a platform."""
REVIEW_SCOPES: Final = ("all", "account", "department", "person", "some")
REVIEW_CAUSES: Final = ("by-hand", "periodic", "mover", "custodian", "unused", "holders")
"""Why a review was opened: somebody wanted it, its time had come, or something had happened."""
REVIEWED: Final = ("grant", "entitlement")
REACHES: Final = ("company", "personal")
"""Whose a recovery mail address or phone number is: the company's, or somebody's own."""
VIAS: Final = ("in-person", "call", "messenger", "paper")
CHANNEL_KINDS: Final = ("mail", "chat")
TLS: Final = ("starttls", "tls", "local")
CUTS: Final = ("sessions", "app-passwords", "oauth-apps", "api-tokens")
"""What may have been ended on the platform along with a password."""
SERVICE_PURPOSES: Final = ("run-due", "remind", "reconcile", "probe")
BASES: Final = ("sealed", "revealed", "set", "handed-over", "place", "declared", "exported", "imported", "recovery", "unknown")
RUNS: Final = ("remind", "tick")
"""What one machine at a time does for all."""
NOTICES: Final = (
    "schedule", "rotation", "former", "hand-over", "grant", "emergency", "cut", "case-item", "drill", "stale-pin", "baseline", "authority", "undelivered",
    "acknowledgement", "review", "exception", "incident",
)  # fmt: skip
"""Kinds of things that people are reminded of."""
INCIDENT_KINDS: Final = ("takeover", "rogue-post", "leak", "negative", "phishing", "lost-device")
INCIDENT_STEPS: Final = (
    "freeze", "rotate", "sessions", "scheduled-posts", "evidence", "device", "platform", "correct", "warn", "inform", "answer", "apologise", "recover",
)  # fmt: skip
"""What may be done about an incident; which of it, and in which order, a playbook says."""
INCIDENT_HANDS: Final = ("lead", "second")
"""Two people work at once: whose step it is."""
ACTS: Final = ("role", "recovery-replaced", "erasure", "restore", "policy", "account-erasure")
"""What takes two persons."""

LANGUAGES: Final = ("en", "fr", "nl", "da", "nb", "es")
"""In which a document may be written."""
AUDIENCES: Final = ("everybody", "holders", "people")
SIGNED: Final = ("signature", "sheet")
"""How somebody acknowledged a document: by an entry that their own key signs, or on paper, of which the entry has the digest."""
MOST_TEXT: Final = 48 * 1024
"""Bytes of all languages of one version of a document."""
