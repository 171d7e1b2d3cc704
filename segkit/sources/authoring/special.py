"""Files whose rows are not those of one canonical table: journeys in one cell, and experiments whose customers and outcomes share a row."""

from segkit.sources.authoring import readings, words
from segkit.sources.authoring.draft import Draft, Line
from segkit.sources.authoring.facts import Facts
from segkit.sources.authoring.sniff import Found

SINCE = "days since 2000-01-01"


def journeys(found: Found, path: str) -> Draft:
    """Touchpoints from a column such as `search > mail > shop`: one row per part; a row may stand for many journeys, with and without success."""
    whole = {name: words.parts(name) for name, fact in found.columns.items() if fact.kind == "integer"}
    won = next((name for name, parts in whole.items() if parts & {"conversion", "conversions", "converted", "abschluss"}), "")
    lost = next((name for name, parts in whole.items() if parts & {"null", "nulls", "lost", "nonconverted", "unconverted"}), "")
    who = words.matches("touchpoints", list(found.columns), lambda canonical, name: canonical == "customer_id").get("customer_id", "")
    when = next((name for name, fact in found.columns.items() if fact.kind == "moment"), "")
    made = Draft(
        "touchpoints",
        list(found.inputs),
        [f"{found.rows:,} rows, each with journeys in one cell: every part becomes a row."],
        list(found.asked),
    )
    if won and not who:
        made.inputs = [each | {"copies": won, "constants": {"outcome": "won"}} for each in found.inputs]
        made.inputs += [each | {"copies": lost, "constants": {"outcome": "lost"}} for each in found.inputs if lost]
        made.notes.append(f"{won} says how often a journey ended in success" + f", {lost} how often it did not." * bool(lost))
    by = found.columns[path].separator
    made.keys = {"explode": {"column": path} | ({"by": by} if by else {})}
    nobody = Line({"formula": "text(row_number())"}, "", ("no column names the customer: is every journey one of their own?",))
    timeless = Line(
        {"column": f"{path}_position", "format": SINCE},
        "",
        ("no column says when: the parts are counted as days, so that their order is kept",),
    )
    made.columns = {
        "customer_id": Line(who) if who else nobody,
        "occurred_at": readings.moment(when, found.columns[when]) if when else timeless,
        "channel": Line(path),
    }
    ends = f"{path}_last" if readings.named(path) == path else f"column({path + '_last'!r})"
    is_won = "" if not won or who else " and outcome == 'won'"
    asked = () if won and not who else ("taken for successful at its last part: did every journey end in a purchase?",)
    made.columns["is_conversion"] = Line({"formula": ends + is_won}, "", asked)
    used = {path, who, when, *((won, lost) if is_won else ())}
    made.ignore = {name: readings.unfit(fact) for name, fact in found.columns.items() if name not in used}
    return made


def experiment(found: Found, customers: Draft) -> Draft | None:
    """Contacts from a file of customers that also says who got what and who responded; what they did leaves the attributes."""
    arm = next(
        (name for name, fact in found.columns.items() if words.plain(name) in words.ARMS and fact.kind == "text" and fact.control), ""
    )
    outcomes = words.matches("contacts", list(found.columns), lambda canonical, name: outcome(canonical, found.columns[name]))
    if not arm or "converted" not in outcomes:
        return None
    word, name = found.columns[arm].control, readings.named(arm)
    control = f"starts_with(lower({name}), 'no ')" if word == "no " else f"contains(lower({name}), {word!r})"
    asked = "the same file says who was contacted: are these the arms of an experiment, drawn by lot, and is this the one that got nothing?"
    made = Draft("contacts", list(found.inputs), [f"The outcomes in the same {found.rows:,} rows."], [])
    who = customers.columns["customer_id"].reading
    made.columns = {"customer_id": Line(who), "campaign_id": Line(arm), "is_control": Line({"formula": control}, "", (asked,))}
    for canonical in ("opened", "clicked", "converted", "revenue", "cost"):
        if canonical in outcomes:
            made.columns[canonical] = readings.line(
                "contacts", canonical, outcomes[canonical], found.columns[outcomes[canonical]], customers.keys.get("decimal", "")
            )
    used = {arm, *outcomes.values()}
    for canonical, line in list(customers.columns.items()):
        if isinstance(line.reading, dict) and line.reading.get("column") in used:
            del customers.columns[canonical]
    customers.ignore |= dict.fromkeys(sorted(used), "an outcome: see contacts")
    rest = {line.reading.get("column") for line in customers.columns.values() if isinstance(line.reading, dict)} - {None}
    made.ignore = {name: "see customers" for name in found.columns if name in rest}
    return made


def outcome(canonical: str, fact: Facts) -> bool:
    """Whether a column can hold what somebody did."""
    return (
        canonical in ("opened", "clicked", "converted")
        and fact.kind == "boolean"
        or canonical in ("revenue", "cost")
        and fact.kind in ("number", "integer")
    )
