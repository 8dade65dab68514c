"""The container's recipe: linted, its files there, its commands run outside. `scripts/container_test.sh` builds it, which takes root and long."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

TEXT = (ROOT / "Dockerfile").read_text()


def commands() -> list[str]:
    """The single commands of all RUN lines."""
    joined = TEXT.replace("\\\n", " ")
    runs = [line.removeprefix("RUN ") for line in joined.splitlines() if line.startswith("RUN ")]
    return [" ".join(part.split()) for run in runs for part in run.split("&&")]


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "")
    bad = subprocess.run([hadolint, "-"], input="FROM python\nRUN cd /x\n", capture_output=True, text=True, timeout=120)
    assert bad.returncode == 1  # it does look


def test_what_is_copied_is_there():
    for line in re.findall(r"^COPY (.+)$", TEXT, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_the_devcontainer_uses_this_recipe():
    config = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert (ROOT / ".devcontainer" / config["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    declared = set(re.findall(r"^ARG (\w+)", TEXT, re.MULTILINE))
    assert set(config["build"]["args"]) <= declared
    (workdir,) = re.findall(r"^WORKDIR (.+)$", TEXT, re.MULTILINE)
    assert config["workspaceFolder"] == workdir and f"target={workdir}," in config["workspaceMount"]
    assert "/opt/venv/bin" in re.findall(r"^ENV PATH=(.+)$", TEXT, re.MULTILINE)[0]
    assert config["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"] == "/opt/venv/bin/python"


def test_the_page_has_the_options_of_the_devcontainer():
    """One set of options for both; the docs' line and the file must not drift apart."""
    page = (ROOT / "docs/container.md").read_text()
    config = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert all(option in page for option in config["runArgs"])


@pytest.mark.slow
def test_every_command_runs_outside(tmp_path, at_desk, desk):
    """Apt and pip as dry runs, so that the test changes nothing and downloads little."""
    tried = []
    for command in commands():
        words = command.split()
        if "pip" in words:
            words = [*words, "--dry-run", "--no-deps", "--quiet"]
            words[words.index("-e") + 1] = str(ROOT)
            words[words.index("-c") + 1] = str(ROOT / "constraints.txt")
        elif "apt-get" in words and "install" in words:
            if shutil.which("apt-get") is None:
                pytest.skip("no apt here")
            words = [word for word in words if "=" not in word] + ["--simulate"]
        elif words[0] in ("apt-get", "rm", "if"):
            continue  # the package list is this machine's own; a choice of torch's index changes nothing in a dry run
        elif words[0] == "mechgrade":
            assert at_desk(*words[1:]).returncode == 0
            tried.append(command)
            continue
        words = [word.replace("/opt/venv", str(tmp_path / "venv")) for word in words]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        tried.append(command)
    assert len(tried) == 4, tried
