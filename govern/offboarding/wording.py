"""What an item asks for, in a short sentence, and the command that does it. Pure: which language it is said in is the caller's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, assert_never

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


class Say(Protocol):
    """An English text -> the same in somebody's language, its names in braces kept. `context` tells apart what is one word in English."""

    def __call__(self, text: str, /, context: str = "") -> str: ...


def as_written(text: str, /, context: str = "") -> str:  # noqa: ARG001
    """English."""
    return text


SECRETS: Final = {
    "password": "password", "totp": "authenticator codes", "backup-codes": "backup codes", "api-token": "API token",
    "app-password": "app password", "passkey": "passkey", "recovery-email": "mail address for recovery", "recovery-phone": "phone number for recovery",
}  # fmt: skip
"""Kind of a credential -> what people call it."""


def secret(kind: str, say: Say = as_written) -> str:
    """A kind of credential as people call it."""
    return say(SECRETS.get(kind, kind), "credential")


def sentence(told: Told, say: Say = as_written) -> str:
    """What there is to do, without the account, which stands beside it."""
    about = say(told.about, "role") if told.kind is ItemKind.WITHDRAW_ROLE else told.about
    names = {"person": told.person, "about": about, "version": told.version, "key": told.about[:8]}
    names["credential"] = secret(told.credential, say) if told.credential else ""
    return _asked(told, say).format(**names)


def _asked(told: Told, say: Say) -> str:
    match told.kind:
        case ItemKind.SUCCESSOR_ADMIN:
            return say("{person} is the only admin: make somebody else one")
        case ItemKind.RECOVERY_SHEET:
            return say("replace the recovery key: {person} keeps a sheet of it")
        case ItemKind.SOLE_HOLDER:
            return say("nobody else could run it: name a successor")
        case ItemKind.END_GRANT:
            return say("end the grant")
        case ItemKind.CUSTODY:
            return say("make somebody else responsible")
        case ItemKind.DEPUTY:
            return say("name another deputy, or none")
        case ItemKind.NATIVE_ADMIN:
            return say("{person} is the only {about} there: make somebody else one first")
        case ItemKind.ENTITLEMENT:
            return say("take from {person} the role {about} there")
        case ItemKind.PROMPTS:
            return say("let its codes reach somebody else than {person}")
        case ItemKind.RECOVERY_CHANNEL:
            return say("replace its {credential}, which reaches {person}")
        case ItemKind.APP:
            return say("disconnect {about}, which {person} connected, and connect it anew where needed")
        case ItemKind.SESSION:
            return say("sign {about} out there") if told.about else say("sign the device out there")
        case ItemKind.DEVICE:
            return say("take back {about}, or wipe it") if told.about else say("take back the device, or wipe it")
        case ItemKind.ROTATE:
            return say("change the {credential} (version {version})")
        case ItemKind.CLEAN_PLACE:
            return (
                say("remove {person} from {about}, or the copies there")
                if told.about
                else say("remove {person} from the place, or the copies there")
            )
        case ItemKind.WITHDRAW_ROLE:
            return say("withdraw the role {about}")
        case ItemKind.REVOKE_KEY:
            return say("revoke the key {key}")
        case ItemKind.DESTROY_COPIES:
            return say("have it confirmed in writing that no copy is kept")
        case ItemKind.HAND_BACK:
            return say("give {person} what it takes to run it")
        case ItemKind.TAKEN_OVER:
            return say("have {person} confirm in writing that its secrets were changed and our people removed there")
        case ItemKind.RETIRE:
            return say("retire it, so that nobody here can open it")
        case ItemKind.HAND_OUT:
            return say("hand {person} the welcome sheet and what they are to read")
        case ItemKind.ACKNOWLEDGE:
            return say("have {person} read and sign {about}")
        case ItemKind.TRAINING:
            return say("train {person} in {about}")
        case ItemKind.ADDRESS:
            return say("find out the mail address of {person}")
        case ItemKind.ENROL_KEY:
            return say("invite {person} to make keys, so that nothing has to be sent to them")
        case ItemKind.NATIVE_ROLE:
            return say("give {person} a role of their own there: then there is no password that others know too")
        case ItemKind.GRANT:
            return say("grant it to {person}")
        case ItemKind.HAND_OVER:
            return say("hand {person} its secret in person")
        case ItemKind.SPOKESPERSON:
            return say("train {person} and name them as one who may publish there")
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
        case ItemKind.HAND_OUT:
            return f"govern onboard report {case} --out DIR"
        case ItemKind.ACKNOWLEDGE:
            return f"govern document sheet {told.about} --person {told.person} --out FILE"
        case ItemKind.TRAINING:
            return f"govern training add {told.person} --subject {told.about} --on DATE"
        case ItemKind.ADDRESS:
            return f"govern person edit {told.person} --mail ADDRESS"
        case ItemKind.ENROL_KEY:
            return f"govern person invite {told.person}"
        case ItemKind.NATIVE_ROLE:
            return f"govern entitlement add {told.account} {told.person} --role ROLE"
        case ItemKind.GRANT:
            return f"govern grant {told.account} {told.person}"
        case ItemKind.HAND_OVER:
            return f"govern handover {told.account} {told.person} --kind password"
        case ItemKind.SPOKESPERSON:
            return f"govern spokesperson add {told.account} {told.person} --trained-on DATE"
        case _:
            assert_never(told.kind)
