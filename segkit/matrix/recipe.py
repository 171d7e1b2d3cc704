"""How each feature becomes columns of the matrix: chosen by rule, or as a study declares it."""

from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from segkit.errors import BadInput
from segkit.matrix.columns import OTHER, UNKNOWN, Column, in_matrix, reshaped

SKEWED = 1.0  # moment skewness beyond which a feature is shaped
LEAST_LEVEL = 0.01  # share of customers from which a level of a word has a column of its own
LEAST_HELD = 30  # customers, too: a level of fewer, or a feature known of fewer, is about persons and not about segments
LARGEST = 1e100  # beyond it squares overflow: such a number stands for something else
POWERS = (-5.0, 5.0)  # likeliest powers beyond these only follow a few customers, and a new one could be infinitely far away
QUARTILES_OF_NORMAL = 1.349  # their distance in standard deviations
POWERS_FROM = 10_001  # quantiles from which the likeliest power is estimated: enough for any number of customers


@dataclass(frozen=True)
class Recipe:
    """How features became the matrix, column by column."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def table(self, features: pd.DataFrame) -> pd.DataFrame:
        """The recipe for readers, a line per feature. Out: feature, transform, weight (variance of its columns), filled_with (business units),
        n, n_filled, n_pulled_in."""
        lines = []
        for name in dict.fromkeys(column.feature for column in self.columns):
            of = [column for column in self.columns if column.feature == name]
            first, known = of[0], features[name].dropna()
            words = first.kind == "level"
            low, high = (-np.inf if first.low is None else first.low), (np.inf if first.high is None else first.high)
            lines.append(
                {
                    "feature": name,
                    "transform": said(of),
                    "weight": round(float(sum(np.var(np.sort(in_matrix(features[name], column))) for column in of)), 9),
                    "filled_with": np.nan if words else first.fill,
                    "n": len(features),
                    "n_filled": len(features) - len(known),
                    "n_pulled_in": 0 if words else int(((known < low) | (known > high)).sum()),
                }
            )
        return pd.DataFrame(lines)


def said(columns: list[Column]) -> str:
    """What is done to a feature, in words."""
    first = columns[0]
    if first.kind == "level":
        return f"{len(columns)} levels, each a column over the root of its share"
    shape = {"log1p": "log(1 + x), ", "yeo_johnson": f"Yeo–Johnson power {first.power:.2f}, ", "none": ""}[first.shape]
    scaled = "by median and quartiles" if first.by_quartiles else "standardised"
    return shape + scaled + ", and whether it is known" * (len(columns) > 1)


def recipe(
    features: pd.DataFrame,
    columns: list[str],
    transforms: dict[str, str] | None = None,
    winsorise: float = 0.0,
    scaling: str = "standard",
    weights: dict[tuple[str, ...], float] | None = None,
    indicate_missing: list[str] | tuple[str, ...] = (),
) -> Recipe:
    """Choose the recipe from the customers to be clustered. In: features indexed by customer_id; `transforms` of features, `all` of all that
    are not named; `weights` of groups of features. Raises BadInput for what cannot tell customers apart or is no number."""
    wanted = {"all": "auto"} | (transforms or {})
    made: list[Column] = []
    for name in columns:
        if features[name].isna().all():
            raise BadInput(f"cluster_on: {name} is empty", f"for all {len(features):,} active customers", "take it out of cluster_on")
        if is_word(features[name]):
            made += level_columns(features[name])
        else:
            values = np.sort(features[name].astype("float64").to_numpy())
            made.append(number_column(name, values, wanted.get(name, wanted["all"]), winsorise, scaling == "robust"))
            if name in indicate_missing and 0 < (share := 1 - np.isnan(values).mean()) < 1:
                made.append(Column(f"{name}_known", name, "known", share, float(np.sqrt(share * (1 - share)))))
    refuse_constant(features, columns, made)
    return Recipe(tuple(weighted(made, features, weights or {})))


def is_word(column: pd.Series) -> bool:
    """Whether a feature holds words, such as a buyer type, and no numbers."""
    kind = column.dtype
    return (
        isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dropna()) and not pd.api.types.is_numeric_dtype(kind)
    )


def number_column(name: str, values: np.ndarray, shape: str, winsorise: float, robust: bool) -> Column:
    """The recipe of a number from all its values, sorted, so that it has the same digits in any order."""
    known = values[~np.isnan(values)]
    if (far := np.abs(known) > LARGEST).any():
        what = "infinite values" if np.isinf(known).any() else f"values beyond {LARGEST:.0e}"
        facts = f"{int(far.sum()):,} of {len(values):,} active customers"
        raise BadInput(f"cluster_on: {name} holds {what}", facts, "mend its column, or take it out of cluster_on")
    if len(known) < min(LEAST_HELD, len(values)) and len(values) >= LEAST_HELD:
        facts = f"{len(known):,} of {len(values):,} active customers"
        raise BadInput(
            f"cluster_on: {name} is known of too few", facts, f"take it out of cluster_on: segments need it of at least {LEAST_HELD}"
        )
    fill = float(np.median(known))
    low, high = np.quantile(known, [winsorise, 1 - winsorise]) if winsorise else (None, None)
    if low == high:
        low = high = None
    filled = np.sort(np.where(np.isnan(values), fill, values))
    pulled = filled if low is None else np.clip(filled, low, high)
    shape = by_rule(pulled) if shape == "auto" else shape
    refuse_negative(name, shape, pulled)
    power = likeliest_power(pulled) if shape == "yeo_johnson" else 1.0
    shaped = reshaped(pulled, shape, power)
    quartiles = np.quantile(shaped, [0.25, 0.5, 0.75])
    by_quartiles = robust and quartiles[2] > quartiles[0]
    center = quartiles[1] if by_quartiles else shaped.mean()
    scale = (quartiles[2] - quartiles[0]) / QUARTILES_OF_NORMAL if by_quartiles else shaped.std()
    if shaped[0] == shaped[-1]:
        scale = 0.0  # whatever rounding makes of a mean
    limits = (None, None) if low is None else (float(low), float(high))
    return Column(name, name, "number", float(center), float(scale), 1.0, fill, *limits, shape, power, bool(by_quartiles))


def by_rule(values: np.ndarray) -> str:
    """The shape of a feature nobody declared one for."""
    skewness = pd.Series(values).skew()
    if len(np.unique(values)) <= 2 or not abs(skewness) > SKEWED:
        return "none"
    return "yeo_johnson" if values[0] < 0 else "log1p" if skewness > SKEWED else "none"


def refuse_negative(name: str, shape: str, values: np.ndarray) -> None:
    """log(1 + x) is for what is never negative."""
    if shape == "log1p" and len(values) and values[0] < 0:
        facts = f"its smallest values lie below 0 ({(values < 0).sum():,} customers)"
        raise BadInput(f"transforms: {name} cannot be taken as log1p", facts, "write yeo_johnson or none")


def likeliest_power(values: np.ndarray) -> float:
    """Yeo and Johnson's power under which the values are most like a normal sample, to three digits."""
    from scipy.stats import yeojohnson_normmax

    few = values if len(values) <= POWERS_FROM else np.quantile(values, np.linspace(0, 1, POWERS_FROM))
    return round(float(np.clip(yeojohnson_normmax(few), *POWERS)), 3)


def level_columns(column: pd.Series) -> list[Column]:
    """The recipe of a word: a column for each level held by enough customers, and one for the others together."""
    words = column.astype("object").where(column.notna(), UNKNOWN).astype(str)
    counts = words.value_counts().sort_index()
    enough = (counts >= LEAST_LEVEL * len(words)) & (counts >= min(LEAST_HELD, len(words) / 4)) & (counts.index != OTHER)
    while 0 < counts[~enough].sum() < LEAST_HELD and enough.sum() > 1:  # the rest must not be a few persons either
        enough[counts[enough].idxmin()] = False
    kept = tuple(counts.index[enough])
    found = {level: counts[level] / len(words) for level in kept} | (
        {OTHER: counts[~enough].sum() / len(words)} if not enough.all() else {}
    )
    name = str(column.name)
    return [
        Column(f"{name}: {level}", name, "level", p, p**0.5, level=level, levels=kept)
        for level, p in ((level, float(p)) for level, p in found.items())
    ]


def refuse_constant(features: pd.DataFrame, columns: list[str], made: list[Column]) -> None:
    """A feature that is the same for everyone separates nobody."""
    flat = [name for name in columns if all(c.scale == 0 or c.kind == "level" and c.center == 1 for c in made if c.feature == name)]
    if flat:
        same = "all customers are identical" if len(flat) == len(columns) else f"{', '.join(flat)}: the same for everyone"
        do = "a constant feature separates nobody: take it out of cluster_on"
        raise BadInput(f"cluster_on: {same}", f"{len(features):,} active customers", do)


def weighted(made: list[Column], features: pd.DataFrame, weights: dict[tuple[str, ...], float]) -> list[Column]:
    """The columns, those of a group so that their variances together are the group's weight."""
    found = {column.name: column for column in made}
    for group, weight in weights.items():
        of = [column for column in made if column.feature in group]
        variance = sum(np.var(np.sort(in_matrix(features[column.feature], column))) for column in of)
        for column in of:
            found[column.name] = replace(column, weight=float(np.sqrt(weight / variance)))
    return list(found.values())


def to_json(recipe: Recipe) -> list[dict]:
    """The recipe as plain data."""
    return [asdict(column) for column in recipe.columns]


def from_json(columns: list[dict]) -> Recipe:
    """The inverse of `to_json`."""
    return Recipe(tuple(Column(**column | {"levels": tuple(column["levels"])}) for column in columns))
