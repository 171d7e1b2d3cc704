"""From when to when each table has rows: month by month, where it has gaps, where it stops before the others."""

from calendar import monthrange
from datetime import datetime

import ibis

MONTHS = ["table", "month", "rows", "customers", "complete"]
FRESHNESS = ["table", "first", "last", "days_behind", "stopped", "empty_months", "first_empty", "stray_rows"]
# A month is cut short when more is missing at its end than twice the usual time between two days with rows, and more than three times the
# time between two rows of just that month: a young table has few rows, and rows are few at random.
CUT, CUT_JUST_THEN = 2, 3
LATE, LATE_DAYS = 3, 30  # a table has stopped when it ends 30 days before the latest one, and more than three times that usual time
SPARSE = 15  # a table with rows every fortnight or more rarely has months without any, and nothing is wrong
STRAY_MONTHS = 12  # rows beyond a year without any, and fewer than on this side of it, bear a wrong date


def months(table: str, kept: ibis.Table, time: str, days: int) -> list[dict]:
    """Rows and different customers of each month that has any, on `days` different days in all.

    `complete` is false where the table begins or ends within the month, and for stray months. With them come, for `freshness`, the first and
    the last moment of the month, whether it is stray, and the usual number of days from one day with rows to the next (gap).
    """
    moment = kept[time].cast("timestamp")
    rows = kept.filter(moment.notnull()).select(
        month=moment.truncate("M"), moment=moment, customer=kept.customer_id if "customer_id" in kept.columns else ibis.null("string")
    )
    # In two steps: distinct customers would otherwise all be held in memory at once.
    each = rows.group_by("month", "customer").aggregate(rows=rows.count(), first=rows.moment.min(), last=rows.moment.max())
    found = each.group_by("month").aggregate(
        rows=each.rows.sum(), customers=each.customer.count(), first=each["first"].min(), last=each["last"].max()
    )
    lines = found.order_by("month").execute().to_dict("records")
    usual = without_strays(lines)
    gap = (usual[-1]["last"].date() - usual[0]["first"].date()).days / max(days - 1, 1) if usual else 0.0
    return [
        {
            "table": table,
            "month": f"{line['month']:%Y-%m}",
            "rows": int(line["rows"]),
            "customers": int(line["customers"]) if "customer_id" in kept.columns else None,
            "complete": line in usual and not cut_short(line, usual, max(gap, 1.0)),
            "first": line["first"],
            "last": line["last"],
            "stray": line not in usual,
            "gap": gap,
        }
        for line in lines
    ]


def number(month: datetime) -> int:
    """Months since the year 0, to count with."""
    return month.year * 12 + month.month - 1


def without_strays(lines: list[dict]) -> list[dict]:
    """The stretch of months that holds most rows, with no year without any inside."""
    stretches: list[list[dict]] = []
    for line in lines:
        if not stretches or number(line["month"]) - number(stretches[-1][-1]["month"]) > STRAY_MONTHS:
            stretches.append([])
        stretches[-1].append(line)
    return max(stretches, key=lambda stretch: sum(line["rows"] for line in stretch), default=[])


def cut_short(line: dict, usual: list[dict], gap: float) -> bool:
    """Whether the table begins late in this month or ends early in it, by more than is usual between two rows."""
    length = monthrange(line["month"].year, line["month"].month)[1]
    missing = max((line["first"].day - 1) * (line is usual[0]), (length - line["last"].day) * (line is usual[-1]))
    return missing > max(CUT * gap, CUT_JUST_THEN * (length - missing) / line["rows"])


def freshness(months: list[dict]) -> list[dict]:
    """One line per table with time: how many days its last row lies before that of the latest table, and months without any row.

    Stray rows count as such, and neither make a table late nor leave a gap.
    """
    latest = max((each["last"] for each in months if not each["stray"]), default=None)
    tables = dict.fromkeys(each["table"] for each in months)
    return [line(table, [each for each in months if each["table"] == table], latest) for table in tables]


def line(table: str, months: list[dict], latest: datetime) -> dict:
    """One table's line of `freshness`."""
    usual, gap = [each for each in months if not each["stray"]], months[0]["gap"]
    there = {number(each["first"]) for each in usual}
    empty = [each for each in range(min(there), max(there)) if each not in there and gap < SPARSE]
    behind = (latest.date() - usual[-1]["last"].date()).days
    return {
        "table": table,
        "first": f"{usual[0]['first']:%Y-%m-%d}",
        "last": f"{usual[-1]['last']:%Y-%m-%d}",
        "days_behind": behind,
        "stopped": behind >= LATE_DAYS and behind > LATE * gap,
        "empty_months": len(empty),
        "first_empty": f"{empty[0] // 12:04}-{empty[0] % 12 + 1:02}" if empty else "",
        "stray_rows": sum(each["rows"] for each in months if each["stray"]),
    }
