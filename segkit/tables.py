"""The canonical tables: every column with its type, unit and meaning. Foreign names end before this page."""

from dataclasses import dataclass

# How a type word in a contract is spelled in the engine. Money is decimal: float sums differ between two runs on two threads.
DTYPES = {
    "string": "string",
    "timestamp": "timestamp(6)",
    "date": "date",
    "money": "decimal(18, 4)",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
}
ATTRIBUTE_KINDS = ("demographic", "geographic", "psychographic", "technographic", "need", "firmographic", "behavioral")

STAGES = ("awareness", "consideration", "decision", "retention", "advocacy")  # of a journey, in order; a dataset may name its own


@dataclass(frozen=True)
class Column:
    """One column's contract. `personal` marks what identifies a person: it never leaves data/. `adds`: what an optional column lets one know."""

    dtype: str
    meaning: str
    unit: str = ""
    required: bool = True
    personal: bool = False
    adds: str = ""


@dataclass(frozen=True)
class Table:
    """One table's contract: what a row is, its columns, the column that carries time, and what the table makes possible."""

    grain: str
    columns: dict[str, Column]
    time: str = ""
    adds: str = ""


def _optional(dtype: str, meaning: str, adds: str, unit: str = "") -> Column:
    return Column(dtype, meaning, unit, required=False, adds=adds)


CUSTOMER_ID = Column("string", "the customer", personal=True)

TABLES = {
    "customers": Table(
        "customer",
        {
            "customer_id": CUSTOMER_ID,
            "signed_up_at": _optional(
                "timestamp",
                "when the customer signed up",
                "tenure from sign-up rather than from the first purchase, and customers who never became active",
            ),
            "consent_marketing": _optional("boolean", "may be contacted for marketing", "whom one may write to"),
        },
        time="signed_up_at",
        adds="who never became active, tenure from sign-up, attributes",
    ),
    "orders": Table(
        "order line",
        {
            "customer_id": CUSTOMER_ID,
            "ordered_at": Column("timestamp", "when the order was placed"),
            "amount": Column("money", "price of the line, discounts taken off", "currency"),
            "order_id": _optional(
                "string",
                "the order the line belongs to",
                "how many orders the lines make up: without it, lines of one customer at one moment count as one order",
            ),
            "product_id": _optional("string", "the product", "which products are bought, and together with which"),
            "category": _optional("string", "the product's category", "which kinds of products are bought"),
            "quantity": _optional("integer", "pieces", "large and small baskets, and lines without a sensible number of pieces", "pieces"),
            "unit_price": _optional(
                "money", "price of one piece", "dear and cheap products, and whether an amount is pieces times price", "currency"
            ),
            "channel": _optional("string", "where it was ordered", "where customers buy"),
            "is_return": _optional("boolean", "the line gives goods back", "setting returns aside, or counting them"),
            "margin": _optional(
                "money", "what is left of the amount after the goods are paid", "what customers earn, not only what they spend", "currency"
            ),
            "currency": _optional("string", "what the amount is in, such as EUR", "that all amounts are in one currency"),
        },
        time="ordered_at",
        adds="purchase features, RFM, revenue, orders and average order value",
    ),
    "events": Table(
        "product usage event",
        {
            "customer_id": CUSTOMER_ID,
            "occurred_at": Column("timestamp", "when the feature was used"),
            "feature": Column("string", "the feature used"),
            "duration_seconds": _optional("integer", "how long", "minutes per active day, the intensity of use", "seconds"),
            "session_id": _optional("string", "the session the event belongs to", "how many sessions a day of use has"),
        },
        time="occurred_at",
        adds="usage frequency and intensity, breadth of use, engagement",
    ),
    "touchpoints": Table(
        "journey contact",
        {
            "customer_id": CUSTOMER_ID,
            "occurred_at": Column("timestamp", "when the contact happened"),
            "stage": _optional("string", "stage of the journey", "how far a journey got"),
            "channel": Column("string", "where the contact happened"),
            "cost": _optional("money", "what the contact cost", "what a journey cost", "currency"),
            "is_conversion": Column("boolean", "the contact led to a purchase"),
        },
        time="occurred_at",
        adds="journeys and attribution",
    ),
    "contacts": Table(
        "campaign contact",
        {
            "customer_id": CUSTOMER_ID,
            "campaign_id": Column("string", "the campaign"),
            "contacted_at": _optional(
                "timestamp", "when the contact was made", "which contacts fell before the cut-off date, and what came after them"
            ),
            "is_control": Column("boolean", "held out by lot"),
            "opened": _optional("boolean", "opened the message", "who reads, whether or not they buy"),
            "clicked": _optional("boolean", "clicked in the message", "who reacts, whether or not they buy"),
            "converted": Column("boolean", "did what the campaign asked for"),
            "revenue": _optional("money", "revenue of the conversion", "what a campaign brought in, not only whom it moved", "currency"),
            "cost": _optional("money", "what the contact cost", "whether a campaign paid", "currency"),
        },
        time="contacted_at",
        adds="campaign response and lift against control",
    ),
    "feedback": Table(
        "survey answer",
        {
            "customer_id": CUSTOMER_ID,
            "given_at": Column("timestamp", "when the answer was given"),
            "csat": _optional("integer", "satisfaction", "how satisfied customers are", "1 to 5"),
            "nps": _optional("integer", "likelihood to recommend", "whether they would recommend", "0 to 10"),
            "topic": _optional("string", "what the answer is about", "what they speak of"),
        },
        time="given_at",
        adds="satisfaction",
    ),
    "costs": Table(
        "acquisition spend",
        {
            "period_start": Column("date", "first day of the period"),
            "channel": Column("string", "acquisition channel"),
            "amount": Column("money", "spend", "currency"),
        },
        time="period_start",
        adds="acquisition cost",
    ),
}
