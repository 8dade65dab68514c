"""The forecast of the remaining time: an instructor who reads "25 s left" waits, and who reads "40 min left" goes for lunch."""

from __future__ import annotations

import pytest
from benchmarks.bench_forecast import LIMIT, within

from mechgrade.cohort.forecast import Forecast, Unread


@pytest.mark.parametrize(("loops", "jobs"), [(0.0, 1), (0.0, 4), (0.05, 1), (0.05, 2), (0.05, 4)])
def test_it_is_right_within_a_factor_of_two_at_a_quarter(loops: float, jobs: int) -> None:
    """Of a hundred classes of 200, for more than eight in ten."""
    good, median, _ = within(loops, jobs, 100)
    assert good > 0.8
    assert 0.7 < median < 1.3


def test_nothing_is_said_before_anything_is_known() -> None:
    forecast = Forecast(LIMIT)
    assert forecast.left(10, 0.0) is None
    forecast.begin("a", 0.0)
    assert forecast.left(10, 1.0) is None
    forecast.end("a", 2.0, slow=False)
    assert forecast.left(10, 2.0) == pytest.approx(20)
    assert forecast.left(0, 2.0) == 0


def test_a_loop_that_has_not_ended_counts() -> None:
    """A class's quick learners have ended first. What is under way for long has its limit still before it."""
    forecast = Forecast(LIMIT)
    for place in range(10):
        forecast.begin(place, 2.0 * place)
        forecast.end(place, 2.0 * place + 1, slow=False)
    before = forecast.left(0, 30.0)
    forecast.begin("loop", 20.0)
    after = forecast.left(0, 30.0)
    assert before == 0 and after is not None and after >= LIMIT


def test_those_known_from_before_say_nothing_of_the_others() -> None:
    """A run that goes on after a kill reads those first who were graded, and is not nearly done."""
    everybody = [f"learner{place}" for place in range(1000)]
    unread = Unread(everybody, everybody[:100])
    for name in everybody[:100]:
        unread.read(name, is_new=False)
    assert unread.count == 900
    for place, name in enumerate(everybody[100:200]):
        unread.read(name, is_new=place % 2 == 0)  # half hand in what others do
    assert unread.count == pytest.approx(400, rel=0.05)


def test_a_few_late_ones_among_those_who_are_known() -> None:
    everybody = [f"learner{place}" for place in range(1000)]
    unread = Unread(everybody, everybody[5:])
    for name in everybody[:10]:
        unread.read(name, is_new=name in everybody[:5])
    assert unread.count == 0


def test_a_course_that_changed_knows_nobody() -> None:
    everybody = [f"learner{place}" for place in range(1000)]
    unread = Unread(everybody, everybody)
    for name in everybody[:100]:
        unread.read(name, is_new=True)
    assert unread.count == pytest.approx(900, rel=0.05)
