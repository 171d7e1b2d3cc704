"""A segmentation for others to use: a query that assigns everyone, exactly, and one short rule per segment to remember.

`assigned` and `sql` say what `segments.assign` says, of every customer. `rules` says nearly the same in three conditions, and how nearly.
"""

from segkit.rules.assignment import assigned, everyone, sql
from segkit.rules.short import FIDELITY, Condition, from_json, rules, told

__all__ = ["FIDELITY", "Condition", "assigned", "everyone", "from_json", "rules", "sql", "told"]
