"""Which of Lab 4's checks run for which kind of autoencoder: `python scripts/saes.py --write` puts the table into docs/models.md.

It makes a small autoencoder of every kind (tests/saes.py), and asks what graders ask before they run a check. That what runs also passes is
shown by tests/test_saes.py, which grades the references on each; a test holds the page to this table.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from saes import KINDS, OTHERS, save_other, save_trained
from support import ROOT

from mechgrade.bench.transformer_lens.facts import lacks
from mechgrade.bench.transformer_lens.saes import at
from mechgrade.course import Course, load_course
from mechgrade.files import write_atomic
from mechgrade.protocol.job import BenchSpec

PAGE = ROOT / "docs/models.md"
BEGIN, END = "<!-- saes: scripts/saes.py writes this -->", "<!-- end of saes -->"


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    text = table()
    print(text)
    if asked.write:
        page = PAGE.read_text(encoding="utf-8")
        body = re.escape(BEGIN) + ".*?" + re.escape(END)
        write_atomic(PAGE, re.sub(body, lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL))


def table() -> str:
    """The table in Markdown."""
    with tempfile.TemporaryDirectory(prefix="saes-") as scratch:
        for name in KINDS:
            save_trained(name, Path(scratch) / name)
        for name in OTHERS:
            save_other(name, Path(scratch) / name)
        return "\n".join(_lines(load_course(ROOT), Path(scratch)))


def asking(course: Course) -> dict[str, dict[str, list[str]]]:
    """Of each exercise that works with the model's autoencoder, all checks with what they need of it; read from the graders."""
    found: dict[str, dict[str, list[str]]] = {}
    for exercise in course.exercises():
        tree = ast.parse(course.grader_path(exercise).read_text(encoding="utf-8"))
        checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        needs = {check.name.removeprefix("test_"): _needs(check) for check in checks}
        if any("sae" in each for each in needs.values()):
            found[exercise.name] = needs
    return found


def _needs(check: ast.FunctionDef) -> list[str]:
    marks = [node for node in check.decorator_list if isinstance(node, ast.Call)]
    asked = [arg for mark in marks if ast.unparse(mark.func) == "pytest.mark.needs" for arg in mark.args]
    return [str(arg.value) for arg in asked if isinstance(arg, ast.Constant)]


def _lines(course: Course, made: Path) -> Iterator[str]:
    exercises = asking(course)
    yield f"| autoencoder | kind, for sae-lens | exercises that run whole, of {len(exercises)} | left out | why |"
    yield "|---|---|---|---|---|"
    model = course.place_of(course.model().source)
    for name in [*KINDS, *OTHERS]:
        if name == "other_hook":  # told where it is loaded
            continue
        sae = at(str(made / name))
        assert sae is not None
        spec = BenchSpec("transformer_lens", model, (("sae", str(made / name)),))
        left: dict[str, list[str]] = {}
        reasons: dict[str, None] = {}
        for exercise, checks in exercises.items():
            for check, needs in checks.items():
                lacking = lacks(spec, dict.fromkeys(each for each in needs if each.endswith("sae")))
                if lacking:
                    left.setdefault(exercise, []).append(check)
                    reasons |= dict.fromkeys(why.replace(sae.name, "this one") for why in lacking.values())
        out = ", ".join(f"{exercise} ({', '.join(checks)})" for exercise, checks in left.items())
        yield f"| {name} | {sae.kind} | {len(exercises) - len(left)} | {out} | {'; '.join(reasons)} |"


if __name__ == "__main__":
    main()
