"""What a company asks of its people on social media stands in every language of the texts that it may start from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from govern.languages import LOCALES

FOLDER: Final = Path(__file__).parents[3] / "policies" / "documents"
ORDER: Final = ("en", "fr", "nl", "da", "nb", "es")

RULES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "personal-use": {
        "no official spokesperson": ("official spokesperson", "porte-parole", "woordvoerder", "talsperson", "talsperson", "portavoz"),
        "the employer in the profile": ("one of us", "représentants", "een van ons", "en af os", "en av oss", "parte de la empresa"),
        "shares of news and articles": ("articles", "articles", "artikel", "artikler", "artikler", "artículos"),
        "no logo": ("logo", "logo", "logo", "logo", "logo", "logotipo"),
        "read by client, colleague and manager": (
            "picture a customer",
            "imaginez qu'un client",
            "klant, een collega",
            "kunde, en kollega",
            "kunde, en kollega",
            "cliente, un compañero",
        ),
        "no insults": ("insults", "injure", "Beledig", "fornærmelser", "fornærmelser", "insultos"),
        "the same conduct everywhere": (
            "same conduct",
            "même conduite",
            "dezelfde omgangsvormen",
            "samme omgangsformer",
            "god oppførsel",
            "misma conducta",
        ),
        "secrets and customers' data": (
            "Personal data",
            "données personnelles",
            "Persoonsgegevens",
            "Personoplysninger",
            "Personopplysninger",
            "datos personales",
        ),
        "a breach costs the client": ("the client", "ce client", "de klant", "eller kunden", "eller kunden", "ese cliente"),
        "internal events": (
            "internal events",
            "événement interne",
            "interne gebeurtenissen",
            "interne forhold",
            "interne forhold",
            "asuntos internos",
        ),
        "legal matters": ("{legal_contact}",) * 6,
        "negative posts and competitors": ("competitors", "concurrents", "concurrenten", "konkurrenter", "konkurrenter", "competidores"),
        "settled in person": ("in person", "de vive voix", "persoonlijk", "personligt", "personlig", "en persona"),
        "whatever may harm us": ("may harm us", "nous nuire", "kan schaden", "kan skade os", "kan skade oss", "perjudicarnos"),
        "working hours": ("working hours", "heures de travail", "werktijd", "arbejdstiden", "arbeidstiden", "horas de trabajo"),
        "privacy settings": (
            "privacy settings",
            "confidentialité",
            "privacyinstellingen",
            "privatlivsindstillinger",
            "personverninnstillingene",
            "ajustes de privacidad",
        ),
        "profiles kept apart": ("Keep your private profiles apart", "Séparez", "gescheiden", "adskilt", "atskilt", "Separe"),
        "correct and apologise sincerely": ("apologise sincerely", "sincèrement", "oprecht", "oprigtig", "oppriktig", "con sinceridad"),
        "common sense": ("common sense", "bon sens", "gezond verstand", "sunde fornuft", "sunn fornuft", "sentido común"),
    },
    "corporate-accounts": {
        "the account is the company's": (
            "belong to {organisation}",
            "appartiennent à {organisation}",
            "van {organisation}",
            "tilhører {organisation}",
            "tilhører {organisation}",
            "son de {organisation}",
        ),
        "company mail and phone": (
            "phone number of {organisation}",
            "numéro de {organisation}",
            "telefoonnummer van {organisation}",
            "telefonnummer",
            "telefonnummer",
            "teléfono de {organisation}",
        ),
        "second responsible person": (
            "a second one",
            "suppléante",
            "tweede verantwoordelijke",
            "stedfortræder",
            "stedfortreder",
            "suplente",
        ),
        "few hold it": (
            "only as many as needed",
            "autant que nécessaire",
            "niet meer mensen dan nodig",
            "ikke flere end",
            "ikke flere enn",
            "las necesarias",
        ),
        "named and trained people publish": (
            "trained spokespersons",
            "porte-parole désignés et formés",
            "getrainde woordvoerders",
            "udpegede talspersoner",
            "utpekte talspersoner",
            "portavoces designados y formados",
        ),
        "passwords never in a message": (
            "never sent in a message",
            "jamais par message",
            "nooit in een bericht",
            "aldrig i en besked",
            "aldri i en melding",
            "nunca se envía",
        ),
        "second factor": (
            "second factor is always on",
            "double authentification est toujours",
            "staat altijd aan",
            "altid slået til",
            "alltid på",
            "siempre activada",
        ),
        "lost device": ("lost device", "appareil perdu", "verloren apparaat", "mistet enhed", "mistet enhet", "dispositivo perdido"),
        "passwords change": (
            "Passwords change",
            "mots de passe changent",
            "Wachtwoorden worden gewijzigd",
            "Adgangskoder skiftes",
            "Passord byttes",
            "contraseñas cambian",
        ),
        "tone": ("our tone", "notre ton", "onze toon", "vores tone", "vår tone", "nuestro tono"),
        "legal matters": ("{legal_contact}",) * 6,
        "what has nothing to do with us": (
            "nothing to do with us",
            "sans rapport avec nous",
            "niets met ons te maken",
            "ikke har med os",
            "ikke har med oss",
            "ajeno a nosotros",
        ),
        "reported at once": ("{report_contact}",) * 6,
        "evidence first": ("Only then", "Ensuite seulement", "Pas daarna", "først derefter", "først etterpå", "Solo después"),
        "two people": ("Two people", "Deux personnes", "Twee mensen", "To personer", "To personer", "dos personas"),
    },
    "exit-duties": {
        "tells what they know": ("every account", "chaque compte", "elk account", "hver konto", "hver konto", "cada cuenta"),
        "codes to their own phone": (
            "codes to your phone",
            "codes à votre téléphone",
            "codes naar jouw telefoon",
            "koder til din telefon",
            "koder til telefonen",
            "códigos a su teléfono",
        ),
        "the only administrator": (
            "only administrator",
            "seule personne",
            "enige beheerder",
            "eneste administrator",
            "eneste administrator",
            "única persona",
        ),
        "doesn't try": ("Don't sign in", "Ne vous connectez plus", "Log niet meer in", "Log ikke ind", "Ikke logg inn", "No inicie sesión"),
        "employer in own profiles": (
            "Change your employer",
            "votre employeur",
            "Pas je werkgever",
            "arbejdspladsen",
            "arbeidsgiver",
            "Actualice su empresa",
        ),
        "kept no copies": (
            "no copies",
            "aucune copie",
            "geen kopieën",
            "ikke har beholdt kopier",
            "ikke har beholdt kopier",
            "no ha guardado copias",
        ),
    },
}
"""Document -> rule -> some words of it, by language."""


@pytest.mark.parametrize("document", RULES)
@pytest.mark.parametrize("language", LOCALES)
def test_no_language_leaves_a_rule_out(document: str, language: str) -> None:
    text = " ".join((FOLDER / language / f"{document}.md").read_text(encoding="utf-8").split())
    assert not [rule for rule, words in RULES[document].items() if words[ORDER.index(language)] not in text]
