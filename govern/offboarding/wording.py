"""What an item asks for, in a short sentence, and the command that does it. Pure; English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from govern.offboarding.items import ItemKind
from govern.shell import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the sentence is about, by the names that people know: handles, a credential's kind, the name of a place or device, a role, a tool, a key."""

    kind: ItemKind
    person: str
    account: str = ""
    credential: str = ""
    version: int = 0
    about: str = ""


def sentence(told: Told) -> str:
    """What there is to do, without the account, which stands beside it."""
    match told.kind:
        case ItemKind.SUCCESSOR_ADMIN:
            return f"{told.person} is the only admin: make somebody else one"
        case ItemKind.RECOVERY_SHEET:
            return f"replace the recovery key: {told.person} keeps a sheet of it"
        case ItemKind.SOLE_HOLDER:
            return "nobody else could run it: name a successor"
        case ItemKind.END_GRANT:
            return "end the grant"
        case ItemKind.CUSTODY:
            return "make somebody else responsible"
        case ItemKind.DEPUTY:
            return "name another deputy, or none"
        case ItemKind.NATIVE_ADMIN:
            return f"{told.person} is the only {told.about} there: make somebody else one first"
        case ItemKind.ENTITLEMENT:
            return f"take from {told.person} the role {told.about} there"
        case ItemKind.PROMPTS:
            return f"let its codes reach somebody else than {told.person}"
        case ItemKind.RECOVERY_CHANNEL:
            return f"replace its {told.credential}, which reaches {told.person}"
        case ItemKind.APP:
            return f"disconnect {told.about}, which {told.person} connected, and connect it anew where needed"
        case ItemKind.SESSION:
            return f"sign {told.about or 'the device'} out there"
        case ItemKind.DEVICE:
            return f"take back {told.about or 'the device'}, or wipe it"
        case ItemKind.ROTATE:
            return f"change the {told.credential} (version {told.version})"
        case ItemKind.CLEAN_PLACE:
            return f"remove {told.person} from {told.about or 'the place'}, or the copies there"
        case ItemKind.WITHDRAW_ROLE:
            return f"withdraw the role {told.about}"
        case ItemKind.REVOKE_KEY:
            return f"revoke the key {told.about[:8]}"
        case ItemKind.DESTROY_COPIES:
            return "have it confirmed in writing that no copy is kept"
        case ItemKind.HAND_BACK:
            return f"give {told.person} what it takes to run it"
        case ItemKind.TAKEN_OVER:
            return f"have {told.person} confirm in writing that its secrets were changed and our people removed there"
        case ItemKind.RETIRE:
            return "retire it, so that nobody here can open it"
        case _:
            assert_never(told.kind)


def command(told: Told, case: str, number: int) -> str:
    """The command that does it; for what only a person can do, the one that says that it is done. `case`: an id that can be typed."""
    match told.kind:
        case ItemKind.ROTATE:
            return f"govern rotate {told.account} --kind {told.credential}"
        case ItemKind.END_GRANT:
            return f"govern offboard cut {case}"
        case ItemKind.SUCCESSOR_ADMIN:
            return "govern person role PERSON admin"
        case ItemKind.RECOVERY_SHEET:
            return "govern recovery replace"
        case ItemKind.CUSTODY | ItemKind.SOLE_HOLDER:
            return f"govern account custody {told.account} PERSON"
        case ItemKind.DEPUTY:
            return f"govern account edit {told.account} --deputy PERSON"
        case ItemKind.NATIVE_ADMIN:
            return f"govern entitlement add {told.account} PERSON --role {quoted(told.about)} --admin"
        case ItemKind.ENTITLEMENT:
            return f"govern entitlement end {told.account} {told.person} --role {quoted(told.about)}"
        case ItemKind.PROMPTS:
            return f"govern account edit {told.account} --prompts-reach PERSON"
        case ItemKind.RECOVERY_CHANNEL:
            return f"govern rotate {told.account} --kind {told.credential}"
        case ItemKind.APP:
            return f"govern app end {told.account} {quoted(told.about)} --by {told.person}"
        case ItemKind.SESSION:
            return f"govern device signed-in {quoted(told.about)} --accounts {told.account} --out"
        case ItemKind.DEVICE:
            return f"govern device return {quoted(told.about)}"
        case ItemKind.WITHDRAW_ROLE:
            return f"govern person role {told.person} {told.about} --withdraw"
        case ItemKind.REVOKE_KEY:
            return f"govern key revoke {told.about[:8]} --cause departure"
        case ItemKind.RETIRE:
            return f"govern account retire {told.account} --returned"
        case ItemKind.HAND_BACK | ItemKind.TAKEN_OVER | ItemKind.CLEAN_PLACE | ItemKind.DESTROY_COPIES:
            return f"govern offboard done {case} {number}"
        case _:
            assert_never(told.kind)
