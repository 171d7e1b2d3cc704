"""What keeps persons out of reports: pseudonyms, cells of too few customers hidden, the search for leaks, who was forgotten, what was done."""

from segkit.privacy.audit import record
from segkit.privacy.cells import hide_small_cells, hide_small_sizes, hide_small_steps
from segkit.privacy.keys import digest, digests_of, key, key_name, pseudonym, pseudonyms, secret
from segkit.privacy.leaks import Digests, leaking_files, leaks
from segkit.privacy.suppression import suppress, suppressed

__all__ = [
    "Digests",
    "digest",
    "digests_of",
    "hide_small_cells",
    "hide_small_sizes",
    "hide_small_steps",
    "key",
    "key_name",
    "leaking_files",
    "leaks",
    "pseudonym",
    "pseudonyms",
    "record",
    "secret",
    "suppress",
    "suppressed",
]
