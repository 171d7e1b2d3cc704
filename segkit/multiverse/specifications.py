"""The choices another analyst could have defended, crossed: scaling, transform, outlier rule, method and number of segments."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from segkit.errors import BadInput
from segkit.segments import NAMES

CHOICES = ("scaling", "transform", "winsorise", "method", "k")
OF_MATRIX = CHOICES[:3]  # what makes the matrix; the other two work on it
SCALINGS = ("standard", "robust")
SHAPES = {"by rule": "auto", "none": "none", "yeo_johnson": "yeo_johnson"}  # one way to shape all features
DECLARED = "as declared"
TAILS = (0.0, 0.01)  # share of customers pulled in at either end of each feature
IN_WORDS = {"scaling": "scaling", "transform": "transform", "winsorise": "outliers", "method": "method", "k": "number of segments"}


class OwnChoices(NamedTuple):
    """What the study itself does: `transforms` by feature as it declares them (`all` for all others), the rest as in its parameters."""

    scaling: str
    transforms: dict[str, str]
    winsorise: float
    method: str
    k: int

    @property
    def transform(self) -> str:
        """The study's own transform as a level of that choice: one of SHAPES where it treats all features alike, else `as declared`."""
        shapes = set(({"all": "auto"} | self.transforms).values())
        return next((level for level, shape in SHAPES.items() if shapes == {shape}), DECLARED)


def specifications(own: OwnChoices, methods: list[str], k_min: int, k_max: int) -> pd.DataFrame:
    """Every combination of defensible choices, each once (Steegen et al. 2016, Perspectives on Psychological Science 11, 702-712).

    Out, a row per specification: specification (1, 2 …), scaling, transform, winsorise, method, k, own (True for the study's own choices,
    in one row). k is the study's own and its two neighbours, as far as the study allows them and there are two segments. What the study
    says of its features, cluster_on and weights, is no choice of the analysis and stays. Raises BadInput where there is but one segment.
    """
    if own.k < 2:
        raise BadInput("the study's solution is one segment", "with k = 1 there is nothing another analyst could find again")
    levels = (
        SCALINGS,
        dict.fromkeys((own.transform, *SHAPES)),
        sorted({*TAILS, own.winsorise}),
        methods,
        [k for k in (own.k - 1, own.k, own.k + 1) if max(k_min, 2) <= k <= k_max],
    )
    rows = pd.DataFrame(list(product(*levels)), columns=list(CHOICES))
    rows.insert(0, "specification", range(1, len(rows) + 1))
    studys = {"scaling": own.scaling, "transform": own.transform, "winsorise": own.winsorise, "method": own.method, "k": own.k}
    return rows.assign(own=np.logical_and.reduce([rows[choice] == level for choice, level in studys.items()]))


def shapes(level: str, own: OwnChoices) -> dict[str, str]:
    """The transforms, by feature, that a level of the choice `transform` stands for."""
    return own.transforms if level == DECLARED else {"all": SHAPES[level]}


def in_words(choice: str, level: object) -> str:
    """A level of a choice as readers know it, on its own."""
    if choice == "winsorise":
        return f"{100 * float(level):g} % pulled in" if float(level) else "outliers left"
    said = {
        "scaling": f"{level} scaling",
        "transform": {"none": "no transform", "yeo_johnson": "Yeo–Johnson"}.get(str(level), f"transform {level}"),
        "method": NAMES.get(str(level)),
        "k": f"k = {level}",
    }
    return said[choice]
