"""What customers will be worth: models of when they order again and of how much an order is worth, fitted by maximum likelihood.

A customer is x repeat orders, t_x age at the last order, T age at as_of, all ages in one unit of time since the first order: what the
literature calls frequency, recency and T. The models know the noncontractual shop: nobody says when leaving. `fit_bg_nbd` and
`fit_pareto_nbd` expect orders, `fit_gamma_gamma` the amount of one; `bootstrap` gives their uncertainty. Where data cannot tell a model,
`NotIdentified` says why in a sentence.
"""

from segkit.kpis.clv.bg_nbd import BgNbd, fit_bg_nbd
from segkit.kpis.clv.data import NotIdentified
from segkit.kpis.clv.fitting import bootstrap
from segkit.kpis.clv.forecast import calibration, expected_by_group, expected_orders_per_month, value
from segkit.kpis.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from segkit.kpis.clv.pareto_nbd import ParetoNbd, fit_pareto_nbd

__all__ = [
    "BgNbd",
    "GammaGamma",
    "NotIdentified",
    "ParetoNbd",
    "bootstrap",
    "calibration",
    "expected_by_group",
    "expected_orders_per_month",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_pareto_nbd",
    "value",
]
