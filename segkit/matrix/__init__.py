"""From customer features to the one numeric matrix every method sees, and back to business units. Scaling happens here and nowhere else.

By rule, or as a study declares it, each feature is, in this order:
- **filled**: who has no value gets the median; with `indicate_missing` a column NAME_known says so. Words: not known is a level of its own.
- **pulled in** to the quantiles `winsorise` and 1 - `winsorise` (0 pulls in nobody), unless that would leave one value.
- **shaped**: log1p for a feature that is never negative and whose skewness is above 1; yeo_johnson (Yeo & Johnson 2000, the likeliest power)
  for one that can be negative and whose skewness is beyond -1 or 1; else none, as for yes/no answers.
- **scaled**: less its mean, over its standard deviation; with `scaling` robust less its median, over its quartiles' distance / 1.349 (by
  standard deviation where the quartiles are equal). Of a word each level held by at least 1 % is a column of 1 and 0, the rest is one, `(other)`; less
  its share, over the root of its share.
- **weighted**: the columns of a group of `weights` together have the variance of so many standardised features.

This puts mixed types on one scale as factor analysis of mixed data does (Pagès 2004): a yes/no answer weighs as a standardised number, a word
of L levels as L - 1 of them, and two customers whose levels are rare are far apart. Who wants a word to count once gives it the weight 1.
"""

from segkit.matrix.columns import Column
from segkit.matrix.prepared import business_units, by_values, described, in_value_order, prepare, sample, units
from segkit.matrix.recipe import Recipe, from_json, recipe, to_json
from segkit.matrix.shapes import shapes

__all__ = [
    "Column",
    "Recipe",
    "business_units",
    "by_values",
    "described",
    "from_json",
    "in_value_order",
    "prepare",
    "recipe",
    "sample",
    "shapes",
    "to_json",
    "units",
]
