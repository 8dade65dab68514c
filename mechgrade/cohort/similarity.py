"""Which learners' code is alike: an instructor's aid, never a verdict. copydetect (MIT) finds it, by winnowing as MOSS does; all stays on this machine.

Two things make code alike without anybody's copying. What the stub gives is everybody's, so it does not count. And an exercise of five lines has few
right answers, so a passage that more than a few learners share does not count either. What is left is rare, and worth a look.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from mechgrade.course import Course, CourseError, Exercise

if TYPE_CHECKING:
    from copydetect import CodeFingerprint

#: Shorter passages say nothing. In characters after every name has become one letter: about two lines.
NOISE = 25

#: A passage that more learners share is nobody's in particular. MOSS counts the same by default.
COMMON = 10

#: Less than this in common, in the same characters, is not shown, whatever its share.
LEAST = 60

Text = tuple[tuple[str, bool], ...]

#: Places in a text: where each begins, and where each ends.
Places = Sequence[Sequence[int]]

#: Of two fingerprints: how much they have in common, the share of it in each, and its places in each.
Compare = Callable[..., tuple[int, tuple[float, float], tuple[Places, Places]]]


@dataclass(frozen=True)
class Alike:
    """What two learners' files for one exercise have in common.

    Attributes:
        exercise: ``lab/name``.
        share: of the one's own code that the other has too, the smaller of both; 0 to 1.
        size: how much it is, in characters after every name has become one letter.
        texts: both files in pieces, each with whether the other has it too.
    """

    exercise: str
    share: float
    size: int
    texts: tuple[Text, Text]


@dataclass
class Pair:
    """Two learners whose code is alike in at least one exercise."""

    learners: tuple[str, str]
    alike: list[Alike] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How much they have in common over all exercises."""
        return sum(each.size for each in self.alike)


def similar(
    course: Course,
    exercises: Sequence[Exercise],
    texts: Mapping[str, Mapping[Exercise, str]],
    least: float,
    advance: Callable[[int], None] = lambda _done: None,
) -> list[Pair]:
    """The pairs of learners whose code is alike, those with most in common first.

    Args:
        texts: by learner and exercise what was handed in.
        least: the share from which two files are alike, 0 to 1.
        advance: told how many exercises are done.

    Raises:
        CourseError: copydetect is not installed, or a stub cannot be read.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for done, exercise in enumerate(exercises):
        advance(done)
        mine = {name: own[exercise] for name, own in texts.items() if exercise in own}
        for learners, alike in _alike(course, exercise, mine, least):
            pairs.setdefault(learners, Pair(learners)).alike.append(alike)
    return sorted(pairs.values(), key=lambda pair: (-pair.size, pair.learners))


def _alike(
    course: Course, exercise: Exercise, texts: Mapping[str, str], least: float
) -> Iterable[tuple[tuple[str, str], Alike]]:
    compare_files = _library()
    prints = {name: _fingerprint(text) for name, text in texts.items()}
    given = _fingerprint(_stub(course, exercise)).hashes
    owners = Counter(passage for each in prints.values() for passage in each.hashes)
    nobodys = given | {passage for passage, count in owners.items() if count > COMMON}
    having: dict[int, list[str]] = {}
    for name, each in sorted(prints.items()):
        _leave_out(each, nobodys)
        for passage in each.hashes:
            having.setdefault(passage, []).append(name)
    for one, other in sorted({pair for names in having.values() for pair in combinations(names, 2)}):
        size, shares, slices = compare_files(prints[one], prints[other])
        if size >= LEAST and min(shares) >= least:
            both = zip((prints[one], prints[other]), slices, strict=True)
            left, right = (_pieces(each.raw_code, places) for each, places in both)
            yield (one, other), Alike(str(exercise), float(min(*shares, 1.0)), int(size), (left, right))


def _stub(course: Course, exercise: Exercise) -> str:
    path = course.stub_path(exercise)
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise CourseError(f"{path} cannot be read: `mechgrade build` writes it") from None


def _library() -> Compare:
    try:
        from copydetect import compare_files
    except ImportError:
        raise CourseError(
            "copydetect is not installed, which finds code that is alike; run pip install 'mechgrade[similarity]'"
        ) from None
    compare: Compare = compare_files
    return compare


def _fingerprint(text: str) -> CodeFingerprint:
    from copydetect import CodeFingerprint

    # A window of one keeps every passage: a class's files are short.
    return CodeFingerprint("file.py", NOISE, 1, fp=io.StringIO(text), language="python")


def _leave_out(prints: CodeFingerprint, passages: set[int]) -> None:
    """Forget some passages. The library's own way assumes that no passage comes twice in a file."""
    from copydetect.utils import get_token_coverage

    prints.hashes = prints.hashes - passages
    prints.hash_idx = {passage: at for passage, at in prints.hash_idx.items() if passage in prints.hashes}
    prints.token_coverage = get_token_coverage(prints.hash_idx, prints.k, len(prints.filtered_code))


def _pieces(text: str, places: Places) -> Text:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for begin, end in zip(*places, strict=True):
        pieces += [(text[at : int(begin)], False), (text[int(begin) : int(end)], True)]
        at = int(end)
    return tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])
