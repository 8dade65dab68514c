"""docs/api/authors.md names exactly what authors import: each name is there, and what courses import is on the page."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

from support import ROOT

PAGE = ROOT / "docs/api/authors.md"


def promised() -> set[tuple[str, str]]:
    """The names on the page: a module, and a name in it (``...`` for all its public ones)."""
    found = re.findall(r"`from (mechgrade[\w.]*) import ([^`]+)`", PAGE.read_text())
    return {(module, name.strip()) for module, names in found for name in names.split(",")}


def authored() -> list[Path]:
    """What authors wrote, and what is written for them."""
    folders = [ROOT / "solutions", ROOT / "graders", ROOT / "examples", ROOT / "nbgrader_config.py"]
    folders.append(ROOT / "mechgrade/authoring/templates")
    files = [path for folder in folders for path in ([folder] if folder.is_file() else folder.rglob("*"))]
    return [path for path in files if path.name.endswith((".py", ".py.tmpl"))]


def test_every_promised_name_is_there() -> None:
    assert len(promised()) > 15
    for module, name in promised():
        assert name == "..." or hasattr(importlib.import_module(module), name), (module, name)


def test_courses_import_nothing_else() -> None:
    allowed = promised()
    seen = set()
    for path in authored():
        for node in ast.walk(ast.parse(path.read_text().replace("$name", "name").replace("$points", "5"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mechgrade"):
                for alias in node.names:
                    both = {(node.module, alias.name), (node.module, "...")} & allowed
                    assert both, f"{path}: {node.module}.{alias.name} is not on {PAGE.name}"
                    seen |= both
    assert ("mechgrade.grading.functions", "...") in seen and ("mechgrade.bench.torch", "Torch") in seen


def test_the_page_on_course_yaml_is_the_schema() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import course_yaml_page

    assert course_yaml_page.PAGE.read_text() == course_yaml_page.page(), "run scripts/course_yaml_page.py"
    text = course_yaml_page.page()
    assert all(
        re.search(rf"^\| `{key}` \| [^|]", text, re.MULTILINE) for key in ("bench", "points", "memory_mb", "path")
    )
    assert not re.search(r"^\| `\w+` \|  \|", text, re.MULTILINE), "a key has no description"


def test_the_examples_schema_is_todays() -> None:
    from mechgrade.authoring.schema import schema_text

    assert (ROOT / "examples/small-models/course.schema.json").read_text() == schema_text()


def test_the_example_is_built() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mechgrade.doors.cli", "build", "--check"],
        cwd=ROOT / "examples/small-models",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    provider = [ROOT / f"examples/small-models/brackets/{name}.py" for name in ("provider", "bench")]
    assert sum(len(path.read_text().splitlines()) for path in provider) < 80
    weights = list((ROOT / "examples").rglob("*.safetensors"))
    assert all(path.stat().st_size < 200_000 for path in weights if "models" in path.parts)
