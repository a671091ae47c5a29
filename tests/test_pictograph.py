"""The pictograph draws as many filled dots as there are events, and says what the limits are."""

from __future__ import annotations

import pandas as pd
import pytest

from metalib import DataError, OptionError
from metalib.figures import pictograph
from metalib.pages.notebook import render

FRAME = pd.DataFrame(
    {"label": ["Death", "Pain"], "risk": [0.253, 0.0], "risk_with": [0.417, 1.0], "low": [0.3, 0.9], "high": [0.5, 1.0]}
)
ARMS = ("Old", "New")


def dots(per: int) -> dict[str, int]:
    axes = pictograph(FRAME, arms=ARMS, per=per).axes[0]
    return {line.get_gid(): len(line.get_xdata()) for line in axes.lines if not (line.get_gid() or "_").startswith("_")}


@pytest.mark.parametrize("per", [100, 1000])
def test_a_filled_dot_for_every_event(per: int) -> None:
    found = dots(per)
    events = {
        "Death Old": round(0.253 * per), "Death New": round(0.417 * per), "Pain Old": 0, "Pain New": per,
    }  # fmt: skip
    for name, count in events.items():
        assert (found[f"{name} events"], found[f"{name} none"]) == (count, per - count)


def test_dots_lie_apart_and_are_told_apart_without_colour() -> None:
    axes = pictograph(FRAME, arms=ARMS).axes[0]
    lines = [line for line in axes.lines if (line.get_gid() or "").endswith(("events", "none"))]
    places = [tuple(point) for line in lines for point in line.get_xydata().round(6)]
    # Four hundred patients and the two dots of the key.
    assert len(set(places)) == len(places) == 2 * 2 * 100 + 2
    for line in lines:
        assert (line.get_markerfacecolor() == "white") == line.get_gid().endswith("none")


def test_numbers_and_limits_are_written() -> None:
    words = [t.get_text() for t in pictograph(FRAME, arms=ARMS, per=1000).axes[0].texts]
    for expected in (
        "Death",
        "Old",
        "New",
        "253 of 1,000",
        "417 of 1,000",
        "95% interval 300 to 500",
        "event",
        "no event",
    ):
        assert expected in words
    assert "each dot: 1 of 1,000 patients" in words


def test_the_same_bytes_twice() -> None:
    assert render(pictograph(FRAME, arms=ARMS), "svg") == render(pictograph(FRAME, arms=ARMS), "svg")


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DataError, match="column low is missing"):
        pictograph(FRAME.drop(columns="low"))
    with pytest.raises(DataError, match="nothing to draw"):
        pictograph(FRAME.iloc[:0])
    for wrong in (1.2, -0.1, float("nan")):
        with pytest.raises(DataError, match="risk_with of 'Death' is no proportion"):
            pictograph(FRAME.assign(risk_with=[wrong, 0.5]))
    with pytest.raises(OptionError, match="per=50"):
        pictograph(FRAME, per=50)
    with pytest.raises(OptionError, match="arms"):
        pictograph(FRAME, arms=("one",))
