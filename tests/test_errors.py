"""Messages say what, the facts and what to do; each kind of trouble has its exit code."""

import pytest

from segkit import errors


def test_exit_codes_are_the_promised_ones():
    codes = {name: kind.exit_code for name, kind in errors.KINDS.items()}
    assert codes == {
        "SegkitError": 1,
        "NotebookFailed": 1,
        "BadInput": 2,
        "KernelLost": 3,
        "GateFailed": 4,
        "Busy": 5,
        "Leak": 6,
        "Interrupted": 130,
    }


def test_a_message_has_three_parts_and_leaves_out_what_is_empty():
    assert str(errors.BadInput("what", "facts", "do")) == "what\n  facts\n  -> do"
    assert str(errors.BadInput("what")) == "what"


def test_a_notebook_shows_the_message_and_no_stack():
    assert errors.BadInput("what", "facts")._render_traceback_() == ["BadInput: what\n  facts"]


@pytest.mark.parametrize(("name", "said"), [("k_mx", "do you mean 'k_max'?"), ("zzz", "known: k_max, k_min")])
def test_the_nearest_known_name_is_named(name, said):
    assert errors.nearest(name, ["k_max", "k_min"]) == said
