"""From rows to a fitted model, or to the sentence why there is none; and the same model fitted to customers drawn again."""

from dataclasses import astuple, replace

import numpy as np

from segkit.kpis.clv.data import Amounts, Histories, NotIdentified, thinned
from segkit.kpis.clv.maximum import FARTHEST, Maximum, maximum, maximum_nearby, mean_cost, second_derivatives

# Of 150 simulated shops like CDNOW with about 20, 40 and 80 repeat buyers 64, 39 and 19 % left a parameter open, and forecasts were then off
# by 30, 18 and 13 % in the median, against 19, 12 and 10 % where all were told.
LEAST_REPEAT_BUYERS = 40
ENOUGH_TO_START = 10_000  # rows on which several starting points are tried
LEAST_KNOWN = 100  # a parameter whose 95 % interval reaches this many times up and down is not known


def fitted(model: type, rows: Histories | Amounts, starts: list[tuple]):
    """The model of this kind most likely for the rows. NotIdentified where they cannot tell one of its parameters."""
    if rows.repeat_buyers < LEAST_REPEAT_BUYERS:
        who = f"{rows.repeat_buyers:,}" if rows.repeat_buyers else "none"
        raise NotIdentified(f"{who} of {rows.n:,} customers ordered again: a {model.NAME} model needs {LEAST_REPEAT_BUYERS} who did")
    few = thinned(rows, ENOUGH_TO_START)
    near = np.exp(maximum(model.log_likelihood_of(few), starts, few.n).logs)
    found = maximum(model.log_likelihood_of(rows), [near], rows.n)
    flaw = untold(model, found)
    if flaw:
        raise NotIdentified(f"the orders of {rows.n:,} customers, {rows.repeat_buyers:,} of whom ordered again, do not tell {flaw}")
    return in_own_units(model, found.logs, found.log_likelihood, rows)


def untold(model: type, found: Maximum) -> str:
    """What the data leave open, as the end of a sentence; "" where every parameter is told."""
    for name, meaning, log in zip(names(model), model.MEANINGS, found.logs):
        if abs(log) > FARTHEST - 1e-3:
            return f"{meaning}: {name} runs off to {'infinity' if log > 0 else '0'}"
    if np.linalg.eigvalsh(found.information)[0] <= 0:
        return f"{model.MEANINGS[-1]}: the likelihood has no peak"
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    worst = int(np.argmax(errors))
    if 1.96 * errors[worst] > np.log(LEAST_KNOWN):
        return f"{model.MEANINGS[worst]}: {names(model)[worst]} might be {LEAST_KNOWN} times smaller or larger"
    return ""


def names(model: type) -> list[str]:
    """The parameters, in the order of the fields."""
    return list(model.__dataclass_fields__)[: len(model.HAS_UNIT)]


def in_own_units(model: type, logs: np.ndarray, log_likelihood: float, rows: Histories | Amounts):
    """The model in the caller's unit of time or money: scales grow with the unit, densities shrink."""
    parameters = np.exp(logs) * np.where(model.HAS_UNIT, rows.unit, 1.0)
    return model(*map(float, parameters), float(log_likelihood - rows.measured * np.log(rows.unit)), rows.n)


def bootstrap(model, *columns, seed: int, draws: int = 200) -> list:
    """The model fitted again to as many customers drawn with replacement, `draws` times: how its parameters might have come out.

    model : a fitted one; columns : those it was fitted to, (n,) each, with weights where it had them. Out: models of the same kind;
    what is computed from each is a draw of its sampling distribution (Efron, 1979). Customers with equal rows are drawn together, by
    multinomial counts: neither the order of rows nor the unit of time changes a draw. A draw that cannot tell a parameter stays, with
    the parameter at its limit: without it intervals would be too narrow.
    """
    rows, kind = type(model).rows_of(*columns), type(model)
    at = np.log(np.array(astuple(model)[: len(kind.HAS_UNIT)]) / np.where(kind.HAS_UNIT, rows.unit, 1.0))
    inverse = np.linalg.inv(second_derivatives(mean_cost(kind.log_likelihood_of(rows), rows.n), at))
    inverse = (inverse + inverse.T) / 2  # symmetric to the last digit, or scipy refuses it
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = rng.multinomial(rows.n, rows.count / rows.n).astype(float)
        again = replace(rows, count=drawn)
        likelihood = kind.log_likelihood_of(again)
        logs = maximum_nearby(likelihood, at, inverse, rows.n)
        found.append(in_own_units(kind, logs, likelihood(logs)[0], again))
    return found
