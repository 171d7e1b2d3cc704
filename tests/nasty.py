"""Customers who break engines, for the tests of other modules: see `test_features_engines`."""

from test_features_engines import AS_OF, ATTRIBUTES, USE_CASES, typed  # noqa: F401
from test_features_engines import nasty as tables  # noqa: F401
