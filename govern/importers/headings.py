"""What the columns of a spreadsheet mean: words for our roles in our six languages, and the common German ones.

Knows words only. Earlier words of a list are surer than later ones; a word that stands under two roles goes to the role that comes first
unless that role has a surer column ("service" is a platform in English and a department in French).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

WORDS: Mapping[str, str] = {
    "password": """password | passphrase | pass word | pwd | passcode | pass | pw
        | mot de passe | motdepasse | mdp | wachtwoord | paswoord | ww | adgangskode | kodeord | passord
        | contraseña | clave | clave de acceso | passwort | kennwort""",
    "totp": """totp | totp secret | totp seed | totp key | otpauth | otp | otp secret | otpsecret | one time password | 2fa secret | 2fa key
        | 2fa seed | login totp | authenticator key | mfa secret | 2fa | mfa | secret key | authenticator
        | clé totp | clé 2fa | secret 2fa | double authentification | authentification à deux facteurs
        | totp sleutel | 2fa sleutel | tweestapsverificatie | tweefactor | totp nøgle | 2fa nøgle | totrinsbekræftelse | tofaktor
        | totp nøkkel | 2fa nøkkel | totrinnsbekreftelse | clave totp | clave 2fa | secreto 2fa | doble factor
        | verificación en dos pasos | totp schlüssel | 2fa schlüssel | zwei faktor | zweiter faktor""",
    "login": """login | login name | loginname | username | user name | user id | userid | user | handle | login username
        | identifiant | nom d'utilisateur | utilisateur | gebruikersnaam | gebruiker | inlognaam | loginnaam
        | brugernavn | bruger | loginnavn | brukernavn | bruker | påloggingsnavn | innlogging
        | usuario | nombre de usuario | identificador | inicio de sesión
        | e-mail | email | mail | e-mail address | email address | adresse e-mail | adresse mail | courriel | e-mailadres | mailadres
        | e-mailadresse | e-post | epost | e-postadresse | correo | correo electrónico
        | benutzername | benutzer | nutzername | anmeldename | e-mail-adresse""",
    "platform": """platform | social network | network | plateforme | réseau social | réseau | sociaal netwerk | netwerk | netværk
        | plattform | nettverk | plataforma | red social | red | channel | canal | kanaal | kanal
        | service | dienst | tjeneste | servicio | site | app | application | netzwerk | soziales netzwerk""",
    "url": """url | uri | login uri | login url | web address | webaddress | website | web site | web page | homepage | link | web
        | adresse web | site web | site internet | lien | webadres | webpagina | webadresse | hjemmeside | websted
        | nettadresse | nettside | nettsted | lenke | dirección web | sitio web | página web | enlace | webseite | internetadresse""",
    "account": """account | account name | title | name | entry | item | compte | nom du compte | titre | intitulé | nom
        | accountnaam | titel | naam | konto | kontonavn | navn | tittel | cuenta | nombre de la cuenta | título | nombre
        | kontoname | bezeichnung""",
    "responsible": """responsible | responsible person | person in charge | custodian | owner | account owner | contact | contact person
        | responsable | personne responsable | propriétaire | référent | verantwoordelijke | eigenaar | beheerder
        | ansvarlig | ansvarlig person | ejer | eier | persona responsable | propietario | encargado | titular
        | verantwortlich | verantwortliche | verantwortlicher | verantwortliche person | zuständig | inhaber""",
    "department": """department | dept | business unit | unit | division | team | département | direction | pôle | équipe | service
        | afdeling | dienst | avdeling | departamento | área | equipo | abteilung""",
    "known-to": """known to | known by | who knows | who knows it | knows | shared with | people with access | who has access | has access
        | access | used by | people | persons | users | holders
        | connu de | connu par | qui connaît | partagé avec | accès | personnes | utilisateurs
        | bekend bij | wie kent | wie weet | gedeeld met | toegang | personen | gebruikers
        | kendt af | kendt for | hvem kender | delt med | adgang | personer | brugere | kjent av | hvem kjenner | tilgang | brukere
        | conocido por | quién conoce | quién sabe | compartido con | acceso | personas | usuarios
        | bekannt bei | wer kennt es | geteilt mit | zugriff""",
    "folder": "folder | group | grouping | vault | dossier | map | mappe | carpeta | ordner | gruppe",
    "note": """note | notes | comment | comments | remark | remarks | remarque | commentaire | opmerking | bemærkning | merknad
        | notat | nota | notas | notiz | notizen | bemerkung | kommentar""",
}
"""Our names for columns, each with the words that mean it, apart by bars."""

_PLACES = frozenset({"account", "platform", "login", "url"})


def normal(text: str) -> str:
    """A heading as it is compared: no case, no accents, no punctuation, single blanks."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", plain).strip()


def assigned(cells: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """The column of each role found in a row of headings; empty where the row is none.

    `columns` (our name → heading in the file) comes first, and all of it must be there. Without it a row is one of headings when it has
    two roles, one of which says what account a row is about.
    """
    names = [normal(cell) for cell in cells[:256]]
    found: dict[str, int] = {}
    for role, heading in columns.items():
        if normal(heading) not in names:
            return {}
        found[role] = names.index(normal(heading))
    for role, words in _words().items():
        at = next((names.index(word) for word in words if word in names and names.index(word) not in found.values()), None)
        if role not in found and at is not None:
            found[role] = at
    if columns or (len(found.keys() - {"folder", "note"}) >= 2 and found.keys() & _PLACES):
        return found
    return {}


def is_word(cell: str) -> bool:
    """Whether a cell says what a column is, in a word of ours."""
    name = normal(cell)
    return any(name in words for words in _words().values())


@cache
def _words() -> dict[str, tuple[str, ...]]:
    return {role: tuple(normal(word) for word in words.split("|")) for role, words in WORDS.items()}
