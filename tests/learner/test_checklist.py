"""docs/checklist.md names commands and tests that are there."""

from __future__ import annotations

import ast
import re
import shlex

import pytest
from support import ROOT
from typer.main import get_command

from mechgrade.course import load_course
from mechgrade.doors.cli import app

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/checklist.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| the guide's line")
]


def test_there_is_a_line_for_each_of_the_guides():
    assert len(ROWS) >= 28
    assert all(len(row) == 3 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_command_and_test_are_there(row):
    command = shlex.split(re.findall(r"`([^`]+)`", row[1])[0])
    if command[0] == "mechgrade":
        assert command[1] in {*get_command(app).commands, *load_course(ROOT).commands}
    elif command[0] == "make":
        makefile = (ROOT / "Makefile").read_text()
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in command[1:])
    elif command[0] == "python":
        assert (ROOT / command[1]).is_file()
    else:
        assert command[0] == "docker"
    path, _, name = re.findall(r"`([^`]+)`", row[2])[0].partition("::")
    functions = [node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)]
    assert name in functions
