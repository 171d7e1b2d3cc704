"""Pictures of journeys: what they say, and that hidden cells, odd names and empty tables do them no harm."""

import warnings

import numpy as np
import pandas as pd
import pytest

from segkit import behavior, figures, privacy

LIMITS = {"low": 0.1, "high": 0.9}


def funnel(n=(1000, 400, 90)) -> pd.DataFrame:
    step = pd.Series([np.nan, *(b / a for a, b in zip(n, n[1:]))])
    rows = {
        "stage": ["lead", "$talk$", "deal"],
        "n": n,
        "n_seen": n,
        "share": [each / n[0] for each in n],
        "share_low": 0.1,
        "share_high": 0.9,
    }
    return pd.DataFrame(rows | {"value": step, **LIMITS, "drop_off": 1 - step})


def transitions() -> pd.DataFrame:
    moves = [
        ("(start)", "mail", 90),
        ("mail", "mail", 80),
        ("mail", "call", 40),
        ("call", "(conversion)", 30),
        ("mail", "(open)", 6),
        ("call", "mail", 2),
    ]
    rows = pd.DataFrame(moves, columns=["origin", "target", "moves"])
    return rows.assign(n=rows.moves, value=rows.moves / rows.groupby("origin").moves.transform("sum"), **LIMITS)  # fmt: skip


def attribution() -> pd.DataFrame:
    share = {"first": (0.7, 0.3), "last": (0.2, 0.8), "linear": (0.5, 0.5), "markov": (0.4, 0.6)}
    lines = [(model, channel, 50, each) for model, both in share.items() for channel, each in zip(("mail_$1_$2", "call"), both)]
    rows = pd.DataFrame(lines, columns=["model", "channel", "n", "share"])
    return rows.assign(value=100 * rows.share, **LIMITS, share_low=rows.share - 0.05, share_high=rows.share + 0.05, draws=500)


def upsell() -> pd.DataFrame:
    rows = {"kind": ["channel", "channel", "feature"], "state": ["call", "mail", "reports"], "n": [90, 80, 3], "n_compared": [88, 70, 3]}
    rows |= {"moments": [200, 300, 3], "rate": [0.3, 0.1, 0.5], "base": [0.2, 0.11, np.nan], "value": [0.1, -0.01, np.nan]}
    rows |= {"low": [0.05, -0.03, np.nan], "high": [0.15, 0.01, np.nan], "p": [0.001, 0.4, np.nan], "p_adjusted": [0.002, 0.4, np.nan]}
    return pd.DataFrame(rows | {"finding": ["upsell moment", "not shown", "too few"]})


def said(picture) -> str:
    """The finding, once the picture has been drawn without a complaint."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture._repr_mimebundle_()
    return picture.alt


def test_each_picture_states_its_finding():
    assert said(figures.funnel(funnel())) == (
        "Customers who reached each stage or a later one: lead 1,000, $talk$ 400, deal 90. Most are lost before deal (77.5 %)."
    )
    assert said(figures.transitions(transitions())) == "The most frequent change is from mail to call: 31.7 % of the moves from mail."
    assert said(figures.attribution(attribution())) == (
        "Most conversions are credited to: first: mail_$1_$2 (70.0 %); last: call (80.0 %); linear: mail_$1_$2 (50.0 %); markov: call (60.0 %)."
    )
    assert (
        said(figures.upsell(upsell()))
        == "An upgrade is more likely than expected after call (channel); the other 1 states show no difference."
    )
    assert "After none of 1 states" in said(figures.upsell(upsell()[1:]))


def test_hidden_cells_are_not_drawn_and_do_not_stop_the_picture():
    hidden = behavior.hide_small_stages(funnel((1000, 998, 90)), 5)
    assert hidden.n.isna().tolist() == [False, True, False]
    assert said(figures.funnel(hidden)) == "Customers who reached each stage or a later one: lead 1,000, deal 90."
    few = privacy.hide_small_cells(transitions(), ["moves", "value", "low", "high"], 5, within=["origin"])
    assert few.n.isna().sum() == 2 and "mail to call" in said(figures.transitions(few))
    one = privacy.hide_small_cells(attribution().assign(n=[2, 50] * 4), ["value", "low", "high", "share", "share_low", "share_high"], 5)
    assert "call (80.0 %)" in said(figures.attribution(one)) and "mail" not in said(figures.attribution(one))


@pytest.mark.parametrize(("draw", "rows"), [(each, globals()[each]) for each in ("funnel", "transitions", "attribution", "upsell")])
def test_of_nothing_there_is_no_picture_and_of_hidden_things_a_sentence(draw, rows):
    assert getattr(figures, draw)(rows()[:0]) is None
    gone = rows().assign(**{name: pd.array([pd.NA] * len(rows()), "Float64") for name in ("n", "value", "share") if name in rows()})
    assert "oo few customers" in said(getattr(figures, draw)(gone))


def test_a_hundred_channels_still_fit():
    lines = [(f"channel {a} with a rather long name", f"channel {b} with a rather long name") for a in range(12) for b in range(12)]
    rows = pd.DataFrame(lines, columns=["origin", "target"]).assign(moves=7, n=7, value=1 / 12, **LIMITS)
    assert "The most frequent change" in said(figures.transitions(rows))
    many = pd.concat([attribution().assign(channel=[f"c{i} {channel}" for channel in attribution().channel]) for i in range(50)])
    assert figures.attribution(many).figure.get_size_inches()[1] < 7
