"""What looks like a person's own data: by the pattern of a text, or by the name of a column. Counts leave here, never a text.

Patterns tell a suspicion, not a fact: a number that happens to look like a phone number is counted, too. Card numbers and bank accounts
carry a check digit, which is verified.
"""

import re
from functools import reduce

import ibis

EMAIL, PHONE, CARD, IBAN, NATIONAL = "e-mail address", "phone number", "payment card number", "bank account", "national number"
_START, _END = r"(^|[^0-9A-Za-z])", r"([^0-9A-Za-z]|$)"
PATTERNS = {
    EMAIL: r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    PHONE: _START + "("
    r"\+\d[\d ()./-]{6,18}\d"  # international
    r"|\(?0\d{1,5}\)?[ /.-]+\d[\d ./-]{4,14}\d"  # national, area code first
    r"|\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[.-]\d{4}"  # North America
    ")" + _END,
    NATIONAL: _START + "("
    r"\d{3}-\d{2}-\d{4}"  # United States
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]"  # United Kingdom
    r"|756\.\d{4}\.\d{4}\.\d{2}"  # Switzerland
    r"|[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]"  # Italy
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # Brazil
    r"|(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d\d[-+A]\d{3}[0-9A-Y]"  # Denmark, Finland
    r"|\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-\d{4}"  # Sweden
    ")" + _END,
}
DATES = r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}"  # a date is no phone number
CARD_SHAPE = _START + r"([3-6]\d{3}([ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})" + _END
IBAN_SHAPE = _START + r"([A-Z]{2}\d\d( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?)" + _END
ANY = "|".join((*PATTERNS.values(), CARD_SHAPE, IBAN_SHAPE))  # one quick look at every text; the few it finds are looked at closely
CHANCE = 0.3  # one number in ten has the check digit of a card by chance: three in ten are no chance

# Words of a column's name, in the languages such files come in. A name that also holds a word of NOT_A_PERSON is about something else.
WORDS = {
    EMAIL: {"email", "mail", "emailaddress", "courriel", "correo"},
    PHONE: {"phone", "telephone", "telefon", "tel", "mobile", "handy", "fax", "phonenumber", "telefono", "telefonnummer", "handynummer"},
    "network address": {"ip", "ipaddress", "mac"},
    "name": {
        *("firstname", "lastname", "surname", "fullname", "forename", "givenname", "middlename", "familyname", "maidenname", "username"),
        *("vorname", "nachname", "familienname", "prenom", "prénom", "apellido", "apellidos", "cognome"),
    },
    "address": {
        *("address", "street", "postcode", "postalcode", "zip", "zipcode", "adresse", "strasse", "straße", "hausnummer", "plz"),
        *("postleitzahl", "rue", "calle", "direccion", "indirizzo"),
    },
    "birth date": {
        "birth",
        "birthdate",
        "birthday",
        "dob",
        "dateofbirth",
        "yearofbirth",
        "geburtsdatum",
        "geburtstag",
        "naissance",
        "nacimiento",
    },
    NATIONAL: {"ssn", "nino", "passport", "taxid", "nationalid", "socialsecurity", "ausweisnummer", "codicefiscale", "dni", "cpf"},
    CARD: {"cardnumber", "creditcard", "kreditkarte", "kartennummer"},
    IBAN: {"iban", "bankaccount", "accountnumber", "kontonummer"},
}
NAMES_OF_PERSONS = {"name", "nom", "nombre", "nome"}  # alone, or beside one of these
PERSONS = {
    "first",
    "last",
    "full",
    "given",
    "family",
    "middle",
    "customer",
    "client",
    "contact",
    "person",
    "user",
    "kunde",
    "kunden",
    "buyer",
}
NOT_A_PERSON = {
    *(
        "opt",
        "in",
        "out",
        "opened",
        "opens",
        "open",
        "clicked",
        "clicks",
        "consent",
        "count",
        "sent",
        "domain",
        "type",
        "valid",
        "verified",
    ),
    *("has", "is", "n", "subscribed", "newsletter", "campaign", "rate", "subject"),
}


def by_name(column: str) -> str:
    """What a column's name promises (`E-Mail`, `dateOfBirth`, `Vorname`); "" for names that promise nothing about a person."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column)
    words = [word for word in re.split(r"[^0-9a-zà-öø-ÿß]+", spaced.lower().replace("e-mail", "email").replace("e_mail", "email")) if word]
    joined = {"".join(words[at : at + length]) for at in range(len(words)) for length in (1, 2, 3)}
    if set(words) & NOT_A_PERSON:
        return ""
    if words and set(words) & NAMES_OF_PERSONS and set(words) <= NAMES_OF_PERSONS | PERSONS:
        return "name"
    return next((kind for kind, known in WORDS.items() if joined & known), "")


def found(texts: ibis.expr.types.StringValue, n: ibis.expr.types.IntegerValue) -> dict[str, ibis.Value]:
    """Measures: how many of the texts that ANY found hold each kind of personal data, each counted `n` times.

    `card_shaped` besides: those with as many digits as a card has, whatever their check digit.
    """
    card = texts.re_extract(CARD_SHAPE, 2).re_replace(r"[ -]", "")
    holds = {
        EMAIL: texts.re_search(PATTERNS[EMAIL]),
        PHONE: texts.re_replace(DATES, " ").re_search(PATTERNS[PHONE]),
        NATIONAL: texts.re_search(PATTERNS[NATIONAL]),
        CARD: (card != "") & luhn(card),
        IBAN: iban(texts.re_extract(IBAN_SHAPE, 2).replace(" ", "")),
        "card_shaped": card != "",
    }
    return {kind: n.sum(where=each) for kind, each in holds.items()}


def luhn(digits: ibis.expr.types.StringValue) -> ibis.expr.types.BooleanValue:
    """Whether 13 to 19 digits have the check digit of a payment card: every second one from the right counts double, its digits summed."""
    number, parts = digits.try_cast("int64"), []
    for place in range(19):
        digit = (number // 10**place) % 10
        parts.append((2 * digit) % 10 + (2 * digit) // 10 if place % 2 else digit)
    return reduce(lambda a, b: a + b, parts) % 10 == 0


def iban(text: ibis.expr.types.StringValue) -> ibis.expr.types.BooleanValue:
    """Whether a text of capitals and digits is a bank account: read as one number, its first four signs last, it leaves 1 divided by 97."""
    signs = text.substr(4) + text.substr(0, 4)
    for letter in range(26):
        signs = signs.replace(chr(ord("A") + letter), str(10 + letter))
    rest = signs.substr(0, 17).try_cast("int64") % 97
    for start in range(17, 77, 15):  # the number has up to 68 digits: taken in pieces, each behind what the last one left
        rest = (rest.cast("string") + signs.substr(start, 15)).try_cast("int64") % 97
    return (text != "") & (rest == 1)


def kinds(rows: ibis.Table, column: str) -> dict[str, int]:
    """How many texts of a column hold what kind of personal data; cards only where there are more than chance would give."""
    texts = rows.filter(rows[column].re_search(ANY)).group_by(column).aggregate(n=ibis._.count())
    counts = texts.aggregate(**found(texts[column], texts.n)).execute().iloc[0].fillna(0).astype(int).to_dict()
    if counts[CARD] <= CHANCE * counts.pop("card_shaped"):
        counts[CARD] = 0
    return {kind: n for kind, n in counts.items() if n}
