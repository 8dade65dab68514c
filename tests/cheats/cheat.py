"""A cheat as a file: its docstring is the idea, the comments under it say what must come of it.

``# expect: wrong or crashed``    the verdicts that it may end in
``# expect process: crashed``     the same, where a level differs
``# exercise: induction_scores``  which exercise's file it is (find_heads)
``# limits: seconds=0.5``         limits of course.yaml, changed
``# levels: full``                where it is tried (everywhere), because what it does is the same at each level
``# lasts: perhaps``              it may reach what is graded after it, so that is looked at each time
``# needs: cuda``                 what the machine must have

Assignments marked ``# set by the test`` get what a cheat could have found out: where the course is, who to attack.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from mechgrade.grading.verdicts import VERDICTS

CORPUS = Path(__file__).parent / "corpus"
LEVELS = ("full", "process")


@dataclass(frozen=True)
class Cheat:
    """One file of the corpus."""

    name: str
    source: str
    headers: dict[str, str]

    @property
    def idea(self) -> str:
        """What it tries, in a sentence."""
        return ast.get_docstring(ast.parse(self.source)) or ""

    @property
    def exercise(self) -> str:
        """The exercise that it pretends to solve."""
        return self.headers.get("exercise", "find_heads")

    @property
    def levels(self) -> tuple[str, ...]:
        """The isolation levels at which it is tried."""
        return tuple(self.headers["levels"].split()) if "levels" in self.headers else LEVELS

    @property
    def limits(self) -> dict[str, float]:
        """Changed limits, so that it ends soon."""
        pairs = (pair.split("=") for pair in self.headers.get("limits", "").split())
        return {name: float(value) if "." in value else int(value) for name, value in pairs}

    @property
    def may_last(self) -> bool:
        """Whether it aims at what is graded after it."""
        return "lasts" in self.headers

    def expected(self, level: str) -> set[str]:
        """The verdicts that it may end in."""
        verdicts = set(self.headers.get(f"expect {level}", self.headers["expect"]).split(" or "))
        assert verdicts <= set(VERDICTS), f"{self.name}: {verdicts}"
        return verdicts

    def text(self, **facts: object) -> str:
        """The file, with what the test sets in it."""
        text = self.source
        for name, value in facts.items():
            text = re.sub(rf"^{name} = .*# set by the test$", f"{name} = {value!r}", text, flags=re.MULTILINE)
        return text


def read(path: Path) -> Cheat:
    """Read one file."""
    source = path.read_text(encoding="utf-8")
    return Cheat(path.stem, source, dict(re.findall(r"^# ([a-z ]+): (.+)$", source, flags=re.MULTILINE)))


CHEATS = [read(path) for path in sorted(CORPUS.glob("*.py"))]
