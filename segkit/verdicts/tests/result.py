"""What every test returns."""

from dataclasses import dataclass

import numpy as np

from segkit.kpis.intervals import NAN


@dataclass(frozen=True)
class Result:
    """An estimate with its 95 % interval and the p-value of each side; all but the value are NaN where nothing can be decided."""

    value: float
    low: float
    high: float
    p_supported: float
    p_refuted: float

    @property
    def p(self) -> float:
        """Two-sided p: twice the smaller side, at most 1."""
        return float(np.minimum(1, 2 * np.minimum(self.p_supported, self.p_refuted)))


def undecidable(value: float = NAN) -> Result:
    """Only the value is known, if that."""
    return Result(float(value), NAN, NAN, NAN, NAN)
