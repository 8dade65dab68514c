"""What depends on a checkout's bytes and versions: line ends, the workflow, the command that moves pins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from support import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import pins

from mechgrade.authoring import scaffold


def git(folder: Path, *arguments: str, text: str | None = None) -> str:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def test_a_clone_that_turns_line_ends_has_the_same_bytes(tmp_path: Path) -> None:
    """As Git for Windows is set up. What was recorded holds for the bytes of sources, graders and fixtures."""
    clone = tmp_path / "clone"
    git(ROOT, "clone", "-q", "-c", "core.autocrlf=true", "--no-hardlinks", str(ROOT), str(clone))
    entries = [line.split(maxsplit=3) for line in git(clone, "ls-files", "-s").splitlines()]
    wanted = {name: blob for mode, blob, _, name in entries if mode.startswith("100") and '"' not in name}
    assert len(wanted) > 500
    found = git(
        clone, "hash-object", "--no-filters", "--stdin-paths", text="\n".join(str(clone / each) for each in wanted)
    )
    differ = [name for name, blob in zip(wanted, found.split(), strict=True) if wanted[name] != blob]
    assert differ == []


def test_without_the_rule_it_would_differ(tmp_path: Path) -> None:
    """So that the test above can fail."""
    for name, rule in (
        ("bare", None),
        ("ours", ROOT / ".gitattributes"),
        ("theirs", scaffold.TEMPLATES / "course/gitattributes.tmpl"),
    ):
        source = tmp_path / name
        source.mkdir()
        git(source, "init", "-q")
        (source / "a.py").write_bytes(b"a = 1\nb = 2\n")
        (source / "a.safetensors").write_bytes(b"\n\x00\n")
        if rule is not None:
            (source / ".gitattributes").write_bytes(rule.read_bytes())
        git(source, "add", ".")
        git(source, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a")
        clone = tmp_path / f"{name}-clone"
        git(source, "clone", "-q", "-c", "core.autocrlf=true", str(source), str(clone))
        assert (b"\r" in (clone / "a.py").read_bytes()) == (rule is None)
        assert (clone / "a.safetensors").read_bytes() == b"\n\x00\n"


def test_each_push_runs_the_script_that_contributors_run() -> None:
    document = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert {"push", "pull_request"} <= set(document[True])  # YAML reads the key `on` as true
    assert ".ci/run" in [step.get("run") for step in document["jobs"]["run"]["steps"]]


PINS = "# why\nnumpy==2.4.6\npyyaml==6.0.3\ntorch==2.13.0\n"


def test_pins_move_alone() -> None:
    assert pins.loosened(PINS, ["torch==2.14.0"]) == "numpy==2.4.6\npyyaml==6.0.3\ntorch==2.14.0\n"
    assert pins.loosened(PINS, ["PyYAML"]) == "numpy==2.4.6\ntorch==2.13.0\n"
    assert pins.loosened(PINS, ["torch>=2.14"], everything=True) == "torch>=2.14\n"


def test_pips_report_becomes_pins() -> None:
    found = {
        "numpy": "2.4.6",
        "PyYAML": "6.0.4",
        "torch": "2.13.0+cpu",
        "nvidia-cublas": "1",
        "triton": "3",
        "mechgrade": "0",
    }
    report = {"install": [{"metadata": {"name": name, "version": version}} for name, version in found.items()]}
    after = pins.renewed(PINS, report)
    assert after == "# why\nnumpy==2.4.6\npyyaml==6.0.4\ntorch==2.13.0\n"
    assert pins.changes(PINS, after) == ["pyyaml: 6.0.3 -> 6.0.4"]
    assert pins.changes("a==1\n", "b==2\n") == ["a: 1 -> gone", "b: new -> 2"]


def test_the_pins_are_as_the_command_writes_them() -> None:
    text = (ROOT / "constraints.txt").read_text()
    both = [line.partition("==") for line in text.splitlines() if pins.name_of(line)]
    report = {"install": [{"metadata": {"name": name, "version": version}} for name, _, version in both]}
    assert pins.renewed(text, report) == text
