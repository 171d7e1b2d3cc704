"""Every specification carried out: its matrix, its fit, and the same customers labelled by all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit import compare, matrix, mixture, segments
from segkit.compare.indices import adjusted_rand
from segkit.compare.mixtures import RESTARTS, SMALLEST_VARIANCE, by_k
from segkit.compare.sweep import EVALUATION_ROWS, fits
from segkit.multiverse.specifications import OF_MATRIX, OwnChoices, shapes

FIT_ROWS = 2000  # of the smallest segment that may be used, 1 %, twenty are among them; a hundred solutions take less than a minute


@dataclass(frozen=True)
class Explored:
    """`specifications` with what came of each; `own` the study's segment of the evaluation customers; `labels` theirs by specification
    (customers x specifications); `fitted` the recipe of the matrix and the solution of each, in the same order."""

    specifications: pd.DataFrame
    own: pd.Series = field(repr=False)
    labels: pd.DataFrame = field(repr=False)
    fitted: list[tuple[matrix.Recipe, segments.Solution]] = field(repr=False)


def explore(
    features: pd.DataFrame,
    own: pd.Series,
    specs: pd.DataFrame,
    cluster_on: list[str],
    choices: OwnChoices,
    seed: int,
    weights: dict[tuple[str, ...], float] | None = None,
    indicate_missing: Sequence[str] = (),
    fit_rows: int = FIT_ROWS,
) -> Explored:
    """Carry out every specification. In: features and the study's own segments of the customers it clustered, both by customer_id.

    Recipes are chosen from all customers; solutions are fitted on the same `fit_rows` of them, and the same EVALUATION_ROWS are labelled
    by all. Both are drawn from the customers in the order of their features' values, so that names have no say. Of mixtures the kind of
    covariances with the lowest BIC is taken, as in the study. Adds to the specifications: covariances, agreement (adjusted Rand index with
    the study's own segments), smallest (fitted customers in the smallest segment), passes (is that the share of customers asked of a
    segment: `compare.least_size`), fitted and n (fitted and evaluation customers).
    """
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    everyone = matrix.by_values(features[[*cluster_on, *(name for name in features if name not in cluster_on)]])
    chosen, evaluated = drawn(everyone, fit_rows, seed), drawn(everyone, EVALUATION_ROWS, seed + 1)
    grouped = list(specs.groupby([*OF_MATRIX, "method"], sort=False))
    recipes = {
        level: matrix.recipe(features, cluster_on, shapes(level[1], choices), level[2], level[0], weights, indicate_missing)
        for level in dict.fromkeys(key[:-1] for key, _ in grouped)
    }
    rows = {level: matrix.prepare(features.loc[chosen], recipe) for level, recipe in recipes.items()}
    seeds = np.random.default_rng(seed).integers(2**31, size=len(grouped))  # any number of workers gives the same answer
    with threadpool_limits(1):  # of several workers each would lift the limit under the others when it is done
        found = Parallel(n_jobs=cpu_count(), prefer="threads")(
            delayed(solutions)(key[-1], rows[key[:-1]], list(part.k), int(each)) for (key, part), each in zip(grouped, seeds)
        )
    fitted = {
        number: (recipes[key[:-1]], by[k]) for (key, part), by in zip(grouped, found) for number, k in zip(part.specification, part.k)
    }
    labelled = {level: matrix.prepare(features.loc[evaluated], recipe) for level, recipe in recipes.items()}
    least = np.ceil(compare.least_size(len(features)) / len(features) * len(chosen))
    labels, lines = {}, []
    for spec in specs.to_dict("records"):
        level, (_, solution) = tuple(spec[name] for name in OF_MATRIX), fitted[spec["specification"]]
        labels[spec["specification"]] = segments.assign(solution, labelled[level]).loc[evaluated]
        smallest = int(segments.sizes(solution, rows[level]).min()) if solution.k == spec["k"] else 0
        lines.append(
            {
                "covariances": solution.covariances,
                "agreement": adjusted_rand(own.loc[evaluated].to_numpy(), labels[spec["specification"]].to_numpy()),
                "smallest": smallest,
                "passes": smallest >= least,
                "fitted": len(chosen),
                "n": len(evaluated),
            }
        )
    told = pd.concat([specs.reset_index(drop=True), pd.DataFrame(lines)], axis=1)
    return Explored(told, own.loc[evaluated], pd.DataFrame(labels), [fitted[number] for number in specs.specification])


def drawn(ordered: pd.DataFrame, rows: int, seed: int) -> pd.Index:
    """At most so many customers, drawn without replacement from a table in value order, and left in that order."""
    if len(ordered) <= rows:
        return ordered.index
    return ordered.index[np.sort(np.random.default_rng(seed).choice(len(ordered), rows, replace=False))]


def solutions(method: str, rows: pd.DataFrame, ks: list[int], seed: int) -> dict[int, segments.Solution]:
    """One method at every k on one matrix: a tree is grown once; of mixtures the kind of covariances with the lowest BIC at each k."""
    if method != "gmm":
        grown = {method: segments.tree(rows, method)} if method in segments.HIERARCHICAL else {}
        return fits(method, rows, ks, seed, {}, grown)
    asked = [(k, kind) for k in ks for kind in mixture.KINDS]
    return by_k({(k, kind): segments.gmm(rows, k, seed, RESTARTS, SMALLEST_VARIANCE, kind) for k, kind in asked})


def everyone_by(fitted: tuple[matrix.Recipe, segments.Solution], features: pd.DataFrame) -> pd.Series:
    """The segment of every customer by one specification. Out: indexed by customer_id, in the order of `features`."""
    recipe, solution = fitted
    return segments.assign(solution, matrix.prepare(features, recipe)).loc[features.index]
