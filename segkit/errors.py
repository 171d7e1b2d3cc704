"""What went wrong, the facts, what to do; and the exit code each kind of trouble has.

A scheduler reads the exit code, a person reads the message. Messages never quote a customer's values.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SegkitError(Exception):
    """Something a person can act on: `what` went wrong, the `facts`, what to `do` about it."""

    exit_code = 1

    def __init__(self, what: str, facts: str = "", do: str = ""):
        self.what, self.facts, self.do = what, facts, do
        super().__init__("\n".join(part for part in (what, facts and f"  {facts}", do and f"  -> {do}") if part))

    def _render_traceback_(self) -> list[str]:
        """In a notebook the message alone is shown: the stack says nothing to an analyst."""
        return [f"{type(self).__name__}: {self}"]


class NotebookFailed(SegkitError):
    """A notebook raised, left early or did not write its tables; or the disk is full."""

    exit_code = 1


class BadInput(SegkitError):
    """A study, parameter, dataset, data file or output folder that cannot be used. Nothing is written."""

    exit_code = 2


class KernelLost(SegkitError):
    """The time limit was reached, or the kernel died."""

    exit_code = 3


class GateFailed(SegkitError):
    """The report is published, and a finding named in `fail_if` came true."""

    exit_code = 4


class Busy(SegkitError):
    """Another run of the same study holds the lock."""

    exit_code = 5


class Leak(SegkitError):
    """A customer could be recognised in what was about to be published. Nothing is published."""

    exit_code = 6


class Interrupted(SegkitError):
    """A person or a scheduler stopped the run."""

    exit_code = 130


KINDS = {kind.__name__: kind for kind in (SegkitError, NotebookFailed, BadInput, KernelLost, GateFailed, Busy, Leak, Interrupted)}


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, as the end of a sentence: `do you mean 'k_max'?`; else all known names."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"do you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"
