"""Time in a study: the observation window before as_of, and the outcome window after it."""

from datetime import datetime, timedelta

from segkit.errors import BadInput
from segkit.studies.strict import Strict
from segkit.studies.study import UNDATED


class Window(Strict):
    """Half-open windows: observation [start, as_of), outcome [as_of, end). Without a horizon, end equals as_of."""

    start: datetime
    as_of: datetime
    end: datetime

    @property
    def days(self) -> int:
        """Length of the outcome window."""
        return (self.end - self.as_of).days


def cut_off(window: Window | None) -> datetime | None:
    """The end of the observation window; None where there are no windows."""
    return window.as_of if window else None


def day(window: Window | None) -> str:
    """The cut-off date as parameters, stamps and run ids spell it; `none` where there are no windows."""
    return f"{window.as_of:%Y-%m-%d}" if window else UNDATED


def outcome_days(window: Window | None) -> int:
    """Length of the outcome window; 0 where there is none."""
    return window.days if window else 0


def no_window(as_of: str, horizon_days: int) -> None:
    """The window of a cross-sectional dataset: none. Raises BadInput for a study that asks for one."""
    if as_of not in ("auto", UNDATED) or horizon_days:
        raise BadInput(
            "the dataset is cross-sectional: it has neither orders nor events, so nothing in it has a date",
            f"the study says as_of {as_of} and horizon_days {horizon_days}",
            "write `as_of: auto` and `horizon_days: 0`, and no hypotheses: they need an outcome",
        )


def window(as_of: str, horizon_days: int, first: datetime, last: datetime) -> Window:
    """Resolve `as_of` against the span of the data (`first` and `last` moment): auto is the midnight after the last one, less the horizon."""
    if as_of == UNDATED:
        raise BadInput("as_of is `none`", "the dataset has orders or events", "write `auto`, or a date such as 2025-10-01")
    midnight_after = datetime(last.year, last.month, last.day) + timedelta(days=1)
    cut = midnight_after - timedelta(days=horizon_days) if as_of == "auto" else datetime.fromisoformat(as_of)
    span = f"the data run from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    if cut <= first:
        raise BadInput(
            f"nothing happened before as_of {cut:%Y-%m-%d}",
            f"{span}, horizon_days is {horizon_days}",
            "choose a later as_of or a shorter horizon",
        )
    if cut > midnight_after:
        raise BadInput(f"as_of {cut:%Y-%m-%d} lies after the data", span, f"choose {midnight_after:%Y-%m-%d} or earlier")
    end = cut + timedelta(days=horizon_days)
    if end > midnight_after:
        raise BadInput(
            f"the outcome window [{cut:%Y-%m-%d}, {end:%Y-%m-%d}) is not over yet",
            span,
            "choose an earlier as_of, a shorter horizon, or horizon_days 0",
        )
    return Window(start=first, as_of=cut, end=end)
