"""A Python environment with what `pip install 'mechgrade[author]'` brings, and nothing else: no torch, no TransformerLens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from support import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _closure(wanted: list[str]) -> list[Distribution]:
    """The distributions that some requirements bring in, as they are installed here."""
    found: dict[str, Distribution] = {}
    queue = [Requirement(each) for each in wanted]
    while queue:
        needed = queue.pop()
        if needed.marker is not None and not any(needed.marker.evaluate({"extra": e}) for e in {"", *needed.extras}):
            continue
        name = needed.name.lower().replace("_", "-")
        if name not in found:
            found[name] = distribution(needed.name)
            queue += [Requirement(each) for each in found[name].requires or []]
    return list(found.values())


def _describe(project: dict[str, Any], info: Path) -> None:
    """What pip would write of the package's requirements."""
    lines = [f"Requires-Dist: {each}" for each in project["dependencies"]]
    for extra, wanted in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}"]
        lines += [f'Requires-Dist: {each}; extra == "{extra}"' for each in wanted if ";" not in each]
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", "Name: mechgrade", "Version: 0", *lines]) + "\n")


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The environment's interpreter. Its libraries are this one's own files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    libraries = next((folder / "lib").glob("python*/site-packages"))
    for each in _closure([*project["dependencies"], *project["optional-dependencies"]["author"]]):
        for file in each.files or []:
            source = Path(str(each.locate_file(file)))
            if ".." in file.parts or not source.is_file() or "__pycache__" in file.parts:
                continue
            target = libraries / file
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another disk
                shutil.copy2(source, target)
    shutil.copytree(ROOT / "mechgrade", libraries / "mechgrade", ignore=shutil.ignore_patterns("__pycache__"))
    _describe(project, libraries / "mechgrade-0.dist-info")
    yield folder / "bin/python"
    shutil.rmtree(folder)


@pytest.fixture
def bare(bare_python: Path) -> Run:
    """``bare(root, "grade", "solutions")``: a command of that environment, in a course."""

    def call(root: Path, *arguments: str, python: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(bare_python), *([] if python else ["-m", "mechgrade.doors.cli"]), *arguments],
            cwd=root,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(root),
                "COLUMNS": "120",
                "MECHGRADE_SERVER": "0",
                "LANG": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call
