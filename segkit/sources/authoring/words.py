"""What columns and files are usually called, in several spellings and two languages: what a first dataset file is guessed from.

A name is compared as its plain letters: `Customer ID`, `customer_id` and `CustomerID` are all `customerid`.
"""

import re
import unicodedata
from collections.abc import Callable

# Each canonical column and the plain names it goes by. The first table that fits a file is told by its grain, in propose.
CUSTOMER = """customerid customer custid custno customernumber customerno client clientid clientno user userid uid usr member memberid memberno
 consumerid buyer buyerid shopperid visitorid subscriberid subscriber guestid householdid loyaltyid cardholderid contactid personid person
 partyid kunde kundeid kundenid kundennr kundennummer kundeno kdnr kundenkennung nutzer nutzerid benutzerid mitgliedid mitgliedsnr
 mitgliedsnummer personnr personennr geschaeftspartner clientnumber idclient klant klantid cliente clienteid idcliente"""
MOMENT = """date datetime timestamp time ts day when moment createdat created createdon creationtime datum zeit zeitpunkt zeitstempel tag
 uhrzeit eventtime eventdate occurredat"""
ORDER = """orderid order ordernumber orderno ordernr invoice invoiceno invoiceid invoicenumber transactionid transaction transactionno txnid
 receipt receiptid receiptno basketid basket checkoutid ticketid ticketno bestellung bestellid bestellnr bestellnummer bestellungid bestellungsnr
 auftrag auftragsnr auftragid auftragsnummer rechnung rechnungsnr rechnungsnummer rechnungid beleg belegnr belegnummer bonnr kassenbon
 salesorderid salesid purchaseid"""
COLUMNS = {
    "customers": {
        "customer_id": CUSTOMER + " id objectid nr nummer key pk",
        "signed_up_at": """signedupat signup signupdate signedup signupat registered registeredat registrationdate registrationtime registeredon
            createdat created createdon creationtime creationdate joined joinedat joindate dtcustomer customersince membersince becamememberon
            accountcreated accountcreatedat firstseen enrolledat enrolmentdate enrollmentdate kundeseit registriertam registrierungsdatum
            anmeldedatum angemeldetam angelegtam anlagedatum erstelltam eintrittsdatum""",
        "consent_marketing": """consentmarketing marketingconsent consent optin optedin emailoptin optedintomailinglist optedintomailing
            newsletter newsletteroptin acceptsmarketing mayemail einwilligung werbeeinwilligung einwilligungwerbung werbung newsletterja""",
    },
    "orders": {
        "customer_id": CUSTOMER,
        "ordered_at": MOMENT
        + """ orderedat orderdate orderdatetime ordertime orderts invoicedate purchasedate purchasedat purchasetime
            transactiondate transactiontime saledate salesdate paidat paymentdate bestelldatum bestelltam bestellzeit bestellzeitpunkt
            auftragsdatum rechnungsdatum kaufdatum belegdatum buchungsdatum orderpurchasetimestamp""",
        "amount": """amount linetotal linetotalamount linevalue lineamount total totalamount totalprice totalvalue revenue sales sale salesamount
            value ordervalue orderamount ordertotal netamount grossamount netvalue turnover payment paymentvalue spend spent betrag umsatz summe
            gesamt gesamtbetrag gesamtpreis gesamtsumme positionsbetrag positionswert zeilenbetrag nettobetrag bruttobetrag netto brutto
            nettowert warenwert bestellwert rechnungsbetrag endpreis""",
        "order_id": ORDER,
        "product_id": """productid product productcode productno productnumber sku stockcode itemid item itemcode itemno article articleid
            articleno ean gtin upc asin produkt produktid produktnr produktnummer artikel artikelid artikelnr artikelnummer materialnr""",
        "category": """category productcategory categoryname categoryid itemcategory department productgroup productline family subcategory
            kategorie warengruppe produktgruppe produktkategorie artikelgruppe sortiment abteilung""",
        "quantity": "quantity qty quantityordered units pieces count itemcount noofitems menge anzahl stueck stueckzahl stk bestellmenge",
        "unit_price": """unitprice price itemprice priceeach listprice sellingprice salesprice priceperunit unitcost preis einzelpreis
            stueckpreis verkaufspreis artikelpreis preisprostueck ep vk""",
        "channel": "channel saleschannel orderchannel salessource kanal vertriebskanal verkaufskanal bestellkanal absatzkanal",
        "is_return": """isreturn returned isreturned returnflag isrefund refunded isrefunded iscancelled cancelled iscanceled canceled retoure
            istretoure retourniert storniert storno rueckgabe""",
        "margin": "margin linemargin grossmargin profit grossprofit lineprofit contribution marge deckungsbeitrag rohertrag gewinn",
        "currency": "currency currencycode currencyiso isocurrency ccy waehrung waehrungscode",
    },
    "events": {
        "customer_id": CUSTOMER,
        "occurred_at": MOMENT
        + """ eventtimestamp eventts visitedat loginat logindate logintime startedat starttime visitdate sessionstart
            ereigniszeit""",
        "feature": """feature event eventname eventtype type action actiontype activity activitytype featurename page pagename screen
            screenname module function command aktion ereignis ereignistyp funktion seite aktivitaet""",
        "duration_seconds": "durationseconds durationsec durations seconds duration secondsspent dwelltime timespent dauer dauersekunden sekunden",
        "session_id": "sessionid session visitid visit sitzung sitzungid",
    },
    "touchpoints": {
        "customer_id": CUSTOMER + " cookie cookieid journeyid",
        "occurred_at": MOMENT + " touchedat touchtime touchdate interactiontime impressiontime kontaktzeit",
        "stage": "stage funnelstage journeystage phase step stufe",
        "channel": "channel touchpoint source medium mediachannel marketingchannel trafficsource kanal werbekanal kontaktpunkt path",
        "cost": "cost costs spend cpc price kosten",
        "is_conversion": "isconversion conversion converted converts isconverted konversion konvertiert abschluss",
    },
    "contacts": {
        "customer_id": CUSTOMER,
        "campaign_id": """campaignid campaign campaignname campaigncode mailing mailingid offerid offer promotionid promotion kampagne kampagneid
            kampagnenid kampagnenr aktion aktionid""",
        "contacted_at": MOMENT + " contactedat contactdate sentat sentdate senton senddate mailedat versendetam versanddatum kontaktdatum",
        "is_control": "iscontrol control controlgroup iscontrolgroup holdout isholdout kontrollgruppe istkontrolle",
        "opened": "opened open isopened emailopened openflag viewed geoeffnet",
        "clicked": "clicked click isclicked clickflag visit visited geklickt",
        "converted": """converted conversion isconverted response responded purchased bought completed accepted redeemed reagiert gekauft
            konvertiert eingeloest""",
        "revenue": "revenue spend spent amount value ordervalue sales umsatz betrag",
        "cost": "cost costs contactcost sendcost kosten",
    },
    "feedback": {
        "customer_id": CUSTOMER + " respondentid respondent",
        "given_at": MOMENT + " givenat submittedat answeredat surveydate respondedat responsedate feedbackdate reviewdate befragungsdatum",
        "csat": "csat satisfaction satisfactionscore rating stars reviewscore score zufriedenheit bewertung sterne",
        "nps": "nps npsscore likelihoodtorecommend recommend recommendation weiterempfehlung empfehlung",
        "topic": "topic theme subject reason category thema grund betreff",
    },
    "costs": {
        "period_start": MOMENT + " periodstart period month week monthstart weekstart startdate monat woche zeitraum",
        "channel": "channel source medium platform mediachannel campaignchannel kanal werbekanal",
        "amount": "amount spend spent cost costs adspend budget expense expenses marketingspend kosten ausgaben betrag aufwand",
    },
}
COLUMNS = {table: {name: known.split() for name, known in columns.items()} for table, columns in COLUMNS.items()}
FILES = {  # beginnings of words in names of files
    "customers": "customer client user member subscriber kunde nutzer mitglied person people profile crm",
    "orders": "order transaction sale invoice purchase receipt retail bestell auftr rechnung umsatz verkauf beleg position",
    "events": "event log usage engagement activity session clickstream login telemetry ereignis nutzung",
    "touchpoints": "touch journey path attribution kontaktpunkt",
    "contacts": "contact campaign mailing experiment kampagne",
    "feedback": "feedback survey nps csat review answer umfrage befragung bewertung",
    "costs": "cost spend budget kosten ausgaben",
    "product": "product produkt artikel article item sku material",  # no tables of their own: what these hold is joined to others
    "account": "account konto konten org company companies firm firma firmen tenant",
}
FILES = {what: tuple(known.split()) for what, known in FILES.items()}
ACCOUNT = """accountid account accountno accountnumber acct acctid konto kontoid kontonr kontonummer orgid organisationid organizationid org
 companyid firmaid firmennr tenantid teamid workspaceid contractid vertragsnr vertragid """.split()
KEYS = {
    "customer": COLUMNS["orders"]["customer_id"],
    "order": COLUMNS["orders"]["order_id"],
    "product": COLUMNS["orders"]["product_id"],
    "account": ACCOUNT,
    "campaign": COLUMNS["contacts"]["campaign_id"],
}

# Kinds of attributes, by a word of the name.
KINDS = {
    "demographic": """age alter birth born geburt geburtsjahr yob dob gender sex geschlecht anrede education educational bildung degree marital
        familienstand income einkommen salary kid kids kidhome teen teenhome child children kinder household haushalt family occupation job beruf
        generation religion ethnicity race nationality language sprache retired""",
    "geographic": """country land city ort town stadt region state bundesland zip zipcode postal postcode plz county province kreis gebiet
        area location zone district latitude longitude continent market markt neighborhood urbanity""",
    "technographic": "device browser os platform app version operating phone_model geraet handset machine client_version",
    "firmographic": """company firma industry branche sector employees mitarbeiter employee size unternehmensgroesse org organisation plan tier
        seats legal rechtsform""",
    "psychographic": "attitude einstellung lifestyle value values opinion persona motivation like liking preference mood trust importance",
    "behavioral": """num count total mnt purchases orders visits clicks spend spent frequency recency accepted response responses bought usage
        used logins sessions last_login monetary returns complain complaints""",
    "need": "need needs bedarf interest interests interesse goal ziel purpose zweck usecase job_to_be_done problem",
}
KINDS = {kind: words.split() for kind, words in KINDS.items()}
SENSITIVE = """religion religious konfession faith church ethnic ethnicity race racial herkunft nationality staatsangehoerigkeit citizenship
 health gesundheit disease krankheit diagnosis diagnose disability disabled behinderung pregnant pregnancy schwanger gender sex geschlecht anrede
 salutation orientation sexuality political politics politik party partei union gewerkschaft biometric genetic blood bmi medication criminal
 smoker""".split()
NAME = ["name", "names", "namen", "firma", "company", "companyname", "firmenname", "organisation", "organization"]  # of a person or a firm
TIME_WORDS = """date datum time zeit timestamp ts at on created updated day tag when last first seit since until von bis start end expires moment
 zeitpunkt am""".split()
KEY_WORDS = "id nr no number nummer key code uuid guid hash token ref".split()
NOTHING = (
    """unknown unk n/a na #n/a null none nan nil missing undefined unspecified unbekannt keine leer entfaellt - -- --- ? ?? . x not
 available (blank) (null) (none) (unknown)""".split()
    + ["not available", "not specified", "not known", "keine angabe", "k.a.", "k. a.", "k.a", "o.a."]
)
YES_NO = (
    {"yes", "no"},
    {"y", "n"},
    {"true", "false"},
    {"t", "f"},
    {"1", "0"},
    {"1.0", "0.0"},
    {"ja", "nein"},
    {"j", "n"},
    {"wahr", "falsch"},
)
FOREIGN_YES = {"ja": "true", "j": "true", "wahr": "true", "nein": "false", "falsch": "false", "n": "false"}
CONTROL = ("control", "holdout", "kontroll", "placebo")  # what the arm that got nothing is called; or it begins with `no `
ARMS = ["segment", "treatment", "treated", "variant", "arm", "group", "testgroup", "experimentgroup", "cell", "gruppe", "variante"]


def letters(text: str) -> str:
    """A name without accents, in plain small letters with blanks where a word ends: `KundenNr.` is `kunden nr`."""
    text = text.replace("ß", "ss")
    for umlaut, plain in zip("äöüÄÖÜ", ("ae", "oe", "ue", "Ae", "Oe", "Ue")):
        text = text.replace(umlaut, plain)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def plain(name: str) -> str:
    """What names are compared by: `Customer ID` is `customerid`."""
    return letters(name).replace(" ", "")


def parts(name: str) -> set[str]:
    """The single words of a name."""
    return set(letters(name).split())


def matches(table: str, names: list[str], fits: Callable[[str, str], bool]) -> dict[str, str]:
    """Canonical column -> the foreign name that stands for it in a table, the most usual one first; nobody stands for two.

    `fits(canonical, name)` says whether what a column holds can be that.
    """
    found: dict[str, str] = {}
    by_letters = {plain(name.rsplit(".")[-1]): name for name in reversed(names) if "." in name}  # `items.price` is a price
    by_letters |= {plain(name): name for name in reversed(names)}
    ranked = [
        (rank, canonical, by_letters[word])
        for canonical, known in COLUMNS[table].items()
        for rank, word in enumerate(known)
        if word in by_letters and fits(canonical, by_letters[word])
    ]
    for _, canonical, name in sorted(ranked, key=lambda each: each[0]):
        if canonical not in found and name not in found.values():
            found[canonical] = name
    return found


def hints(name: str) -> list[str]:
    """What a file's name says it holds, by the beginnings of its words: `kundenstamm_2024` is customers."""
    return [table for table, known in FILES.items() if any(part.startswith(known) for part in letters(name).split())]


def concept(name: str, file: str) -> str:
    """What a key is a key of, so that `CustomerID` here meets `Kundennr` there; `id` alone is a key of what the file is about."""
    word = plain(name)
    known = next((what for what, names in KEYS.items() if word in names), "")
    about = next((what for what in hints(file) if word in ("id", "nr", "nummer", "key", "code")), "")
    return known or {"customers": "customer", "orders": "order", "contacts": "campaign"}.get(about, about) or word


def canonical_spelling(name: str) -> str:
    """A foreign name as an attribute's: letters, digits and _."""
    spelt = letters(name).replace(" ", "_")
    return spelt if re.match("[a-z]", spelt) and not spelt.startswith("segkit_") else f"x_{spelt}".rstrip("_")
