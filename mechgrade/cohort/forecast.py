"""How long a run will still take: a model of the work that is left.

Most learners' exercises take about as long as one another. A few run into a time limit (an endless loop), and take many times as
long. So the two kinds are counted apart: the work left is the number of learners left, times the mean of each kind, times how often the
kind came so far. What has been under way for much longer than the usual is counted as the second kind before it has ended: at a
class's beginning these are the ones that are missing from all that has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

#: What has taken this many times the usual is taken for an endless loop, before its end shows it.
_SUSPECT = 4.0

#: Tasks that began this soon after the first waited for their process to start, in seconds.
_WARMING = 1.0


@dataclass
class _Kind:
    """How many tasks of a kind have ended, and what they took, in seconds."""

    count: int = 0
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.count if self.count else 0.0


@dataclass
class Forecast:
    """The time that is left.

    Attributes:
        limit: what an endless loop takes at least, in seconds: the time limit of one call.
    """

    limit: float
    _first: float | None = None
    _begun: dict[Hashable, float] = field(default_factory=dict)
    _usual: _Kind = field(default_factory=_Kind)
    _warming: _Kind = field(default_factory=_Kind)
    _slow: _Kind = field(default_factory=_Kind)
    _most: int = 0

    def begin(self, task: Hashable, now: float) -> None:
        """Note that a task was handed out."""
        self._first = now if self._first is None else self._first
        self._begun[task] = now
        self._most = max(self._most, len(self._begun))

    def end(self, task: Hashable, now: float, slow: bool) -> None:
        """Note that a task has ended, and whether it ran into a time limit."""
        began = self._begun.pop(task)
        assert self._first is not None  # it began
        kind = self._slow if slow else self._warming if began < self._first + _WARMING else self._usual
        kind.count += 1
        kind.seconds += now - began

    def left(self, waiting: float, now: float) -> float | None:
        """Seconds until the end; None while nothing is known.

        Args:
            waiting: how many tasks are not handed out yet.
        """
        usual = self._usual if self._usual.count else self._warming
        if not usual.count and not self._slow.count:
            return None
        # A learner's loop is met by each call of the exercise: by two, until it was seen by how many.
        slow = (self._slow.seconds + 2 * self.limit) / (self._slow.count + 1)
        ages = [now - began for began in self._begun.values()]
        suspects = [age for age in ages if age > max(_SUSPECT * usual.mean, 1.0)]
        ended = self._usual.count + self._warming.count + self._slow.count
        share = (self._slow.count + len(suspects)) / (ended + len(ages))
        each = (1 - share) * usual.mean + share * slow
        open_slow = [max(0.0, slow - age) for age in suspects]
        open_usual = (len(ages) - len(suspects)) * each / 2
        workers = max(1, self._most)
        work = waiting * each + open_usual + sum(open_slow)
        queue = work / workers
        # Where several work, the last endless loop runs on while others have nothing left to do. Of so many, it begins about here:
        many = share * waiting
        tail = min(1.0, many) * (1 - 1 / workers) * max(0.0, slow - queue / (many + 1))
        return max([queue + tail, *open_slow])


class Unread:
    """How many of the learners who are still to be read will have to be graded.

    Who had every verdict when the run began is counted apart: after a kill these come first, and say nothing of the others.

    Args:
        learners: everybody's names.
        kept: those who had every verdict when the run began.
    """

    def __init__(self, learners: Collection[str], kept: Collection[str]) -> None:
        self._kept = frozenset(kept).intersection(learners)
        sizes = {True: len(self._kept), False: len(learners) - len(self._kept)}
        self._left = dict(sizes)
        self._sizes = sizes
        self._new = {True: 0, False: 0}

    def read(self, learner: str, is_new: bool) -> None:
        """Note what a learner was found to be: one to be graded, or one whose results are known or are another's."""
        kind = learner in self._kept
        self._left[kind] -= 1
        self._new[kind] += is_new

    @property
    def count(self) -> float:
        """The learners to be graded, of those who are left; where nobody of a kind was read yet, by what is usual for it."""
        share = {
            kind: (self._new[kind] + (not kind)) / (self._sizes[kind] - self._left[kind] + 1) for kind in self._left
        }
        return sum(left * share[kind] for kind, left in self._left.items())
