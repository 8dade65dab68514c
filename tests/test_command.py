"""The command as a user calls it: a process of its own, its exit codes, its JSON, its words."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support import ROOT, command

from mechgrade import sandbox
from mechgrade.course import load_course
from mechgrade.course.variants import programs

pytestmark = pytest.mark.long

COMMAND = [str(Path(sys.executable).with_name("mechgrade"))]
#: lab3's first exercise needs no more than any other; one exercise keeps these tests short.
ONE = ["--exercise", "find_heads"]


def mechgrade(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "80", **environment}
    return subprocess.run([*command(), *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def test_full_marks_exit_0_and_the_json_has_its_form(tmp_path):
    done = mechgrade("grade", "solutions", "--lab", "lab3", *ONE, "--json", str(tmp_path / "result.json"), "--strict")
    assert done.returncode == 0, done.stderr
    assert "5 / 5" in done.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert list(result) == ["schema", "score", "max_score", "model", "backend", "device", "isolation", "exercises"]
    (entry,) = result["exercises"]
    assert list(entry) == [
        *("lab", "exercise", "verdict", "points", "max_points", "message", "misconception", "checks", "seconds")
    ]
    assert list(entry["checks"][0]) == ["name", "verdict", "points", "max_points", "message"]
    assert (result["score"], result["max_score"], entry["verdict"]) == (5, 5, "passed")


def test_a_stub_is_not_started_and_only_strict_makes_that_an_exit_code():
    done = mechgrade("grade", *ONE)
    assert (done.returncode, "not started" in done.stdout, "0 / 5" in done.stdout) == (0, True, True)
    assert mechgrade("grade", *ONE, "--strict").returncode == 1


def test_a_failure_tells_the_mistake_the_line_and_the_next_hint(tmp_path):
    course = load_course(ROOT)
    mistake = next(p for p in programs(course, course.exercise("find_heads")) if p.name == "threshold_included")
    wrong = tmp_path / "find_heads.py"
    wrong.write_text(mistake.source)
    done = mechgrade("grade", str(wrong))
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert mistake.sentence in words
    assert "look at:" in words
    assert "find_heads.py:" in "".join(done.stdout.split())  # a long path is broken over lines
    assert "mechgrade hint find_heads" in words
    hint = mechgrade("hint", "find_heads")
    assert (hint.returncode, "hint 1 of" in hint.stdout) == (0, True)


def test_ctrl_c_stops_without_a_verdict_on_what_was_being_graded(tmp_path):
    """Half-run checks are no points, and no fault of the grader's; no process stays behind."""
    wrong = tmp_path / "find_heads.py"
    wrong.write_text("def find_heads(scores, threshold):\n    while True:\n        pass\n")
    grade = [*COMMAND, "grade", str(wrong), "--no-server"]
    # A group of its own, as a shell gives it: Ctrl-C goes to all of it.
    with subprocess.Popen(
        grade, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    ) as grading:
        looping = _busiest(psutil.Process(grading.pid), seconds=60)
        os.killpg(grading.pid, signal.SIGINT)
        said, _ = grading.communicate(timeout=30)
    assert grading.returncode == 130
    assert "interrupted" in said
    assert "find_heads" not in said and "Score" not in said
    psutil.wait_procs([looping], timeout=10)
    assert not looping.is_running()


def _busiest(above: psutil.Process, seconds: float) -> psutil.Process:
    """The learner's process: below the worker, and it has computed for a while since it was first seen."""
    # The command, at level full the process that stayed behind when the worker settled, and the worker.
    above_it = 3 if sandbox.probe().level == "full" else 2
    first: dict[psutil.Process, float] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.2)
        with contextlib.suppress(psutil.NoSuchProcess):
            parents = {process.parent() for process in above.children(recursive=True)}
            for process in above.children(recursive=True):
                used = process.cpu_times().user
                if process not in parents and used - first.setdefault(process, used) > 0.3 and len(parents) == above_it:
                    return process
    raise AssertionError("nothing computed")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["grade", "nowhere"], "there is nothing at nowhere, and there is no exercise 'nowhere'; did you mean"),
        (["grade", "README.md"], "is no Python file"),
        (["grade", "--exercise", "induction_skores"], "did you mean induction_scores, composition_scores or"),
        (["hint", "attention"], "can be attention_from_qk or attention_motifs"),
        (["grade", "--lab", "lab33"], "did you mean 'lab3'"),
        (["grade", "--model", "embeded"], "did you mean 'embedded'"),
        (["grade", "--backend", "brigde"], "there are bridge and hooked"),
        (["grade", "--device", "gpu"], "there are auto, cpu, cuda"),
        (["grade", "--isolation", "total"], "there are full, process, inline"),
        (["grade", "--pdb", "--isolation", "full"], "--pdb needs --isolation inline"),
        (["hint", "find_heads", "99"], "find_heads has 2 hints"),
        (["grade", "--colour"], "No such option"),
    ],
)
def test_a_mistake_in_the_command_is_told_in_a_line(arguments, part):
    done = mechgrade(*arguments)
    assert (done.returncode, part in " ".join(done.stderr.split()), "Traceback" in done.stderr) == (2, True, False), (
        done.stderr
    )


def test_outside_a_course_the_command_says_where_to_go(tmp_path):
    done = mechgrade("grade", cwd=tmp_path)
    assert done.returncode == 2
    assert "change into the course's directory" in done.stderr


@pytest.fixture
def copy(tmp_path):
    """A copy of the course that a test may damage: real files where it damages, links elsewhere."""
    root = tmp_path / "course"
    root.mkdir()
    for part in ("exercises", "solutions", "graders", "interp"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "fixtures/recorded", root / "fixtures/recorded")
    for part in ("models", "saes"):
        (root / "fixtures" / part).symlink_to(ROOT / "fixtures" / part)
    shutil.copy(ROOT / "course.yaml", root)
    return root


def _damage(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(path.read_bytes().replace(b"a", b"b"))


@pytest.mark.parametrize("how", ["missing", "cut", "changed"])
@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_damaged_fixture_is_the_graders_error_and_no_score(copy, how, suffix, tmp_path):
    _damage(copy / f"fixtures/recorded/embedded/lab3/attention_motifs{suffix}", how)
    out = tmp_path / "result.json"
    done = mechgrade(
        "grade", "solutions", "--lab", "lab3", "--exercise", "attention_motifs", "--json", str(out), cwd=copy
    )
    assert done.returncode == 3, done.stdout
    (entry,) = json.loads(out.read_text())["exercises"]
    assert entry["verdict"] == "grader_error"
    words = " ".join(done.stdout.split())
    assert "not your code's fault" in words and "mechgrade record" in words


def test_a_missing_model_is_the_machines_error(copy):
    (copy / "fixtures/models").unlink()
    done = mechgrade("grade", "solutions", *ONE, cwd=copy)
    assert done.returncode == 3
    assert "config.json is missing" in " ".join(done.stdout.split())


def test_a_typo_in_course_yaml_names_the_line(copy):
    path = copy / "course.yaml"
    path.write_text(path.read_text().replace("default_model: embedded", "default_modle: embedded"))
    done = mechgrade("grade", cwd=copy)
    assert done.returncode == 2
    assert "course.yaml:" in done.stderr and "default_model" in done.stderr


def test_a_changed_grader_or_reference_makes_its_recording_stale(copy):
    check = ["record", "--check", "--lab", "lab3"]
    assert mechgrade(*check, cwd=copy).returncode == 0
    grader = copy / "graders/lab3/test_find_heads.py"
    grader.write_text(grader.read_text() + "\nchanged = True\n")
    source = copy / "solutions/lab3/induction_scores.py"
    source.write_text(source.read_text().replace("### BEGIN SOLUTION\n", "### BEGIN SOLUTION\n    changed = True\n"))
    done = mechgrade(*check, cwd=copy)
    assert done.returncode == 1
    assert "find_heads.json: graders/lab3/test_find_heads.py changed since it was recorded" in done.stdout
    assert "induction_scores.json: reference changed since it was recorded" in done.stdout


def test_a_comment_makes_no_recording_stale(copy):
    path = copy / "graders/lab3/test_find_heads.py"
    path.write_text(path.read_text() + "\n# a remark\n")
    assert mechgrade("record", "--check", "--lab", "lab3", cwd=copy).returncode == 0


def test_recording_again_gives_the_same_data(copy):
    """Twice on this machine: the recording that ships may come from another processor, which rounds in its own way."""
    place = copy / "fixtures/recorded/embedded/lab3/find_heads.json"
    shipped = json.loads(place.read_text())["runs"].keys()
    recordings = []
    for _ in range(2):
        done = mechgrade("record", "--lab", "lab3", *ONE, cwd=copy)
        assert done.returncode == 0, done.stderr
        recordings.append(json.loads(place.read_text())["runs"])
    first, second = recordings
    assert first.keys() == second.keys() == shipped
    assert [run["reference"] for run in first.values()] == [run["reference"] for run in second.values()]


def test_hidden_inputs_are_graded_by_the_live_reference():
    done = mechgrade(
        "grade", "solutions", "--lab", "lab3", "--exercise", "induction_scores", "--hidden", "a secret", "--strict"
    )
    assert done.returncode == 0, done.stdout


def test_plain_pytest_grades_too(tmp_path):
    """An instructor who knows pytest uses its own options: -k, -x, --junitxml, and gets a learner's sentence."""
    report = tmp_path / "junit.xml"
    arguments = [
        "graders/lab3",
        "--mechgrade-submission",
        "exercises",
        "-k",
        "find_heads",
        "-x",
        f"--junitxml={report}",
    ]
    done = subprocess.run([*command("pytest"), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "not_started: " in done.stdout and "1 failed" in done.stdout
    assert 'failures="1"' in report.read_text()
    arguments[1:3] = ["--mechgrade-submission", "solutions"]
    done = subprocess.run([*command("pytest"), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout


def test_help_and_hints_load_no_torch():
    """They must answer at once; importing torch takes seconds."""
    for arguments in (["--help"], ["hint", "find_heads"]):
        code = f"import sys; sys.argv = ['mechgrade', *{arguments}]\nfrom mechgrade.doors.cli import app\n"
        code += "try:\n    app()\nexcept SystemExit:\n    pass\nsys.exit('torch' in sys.modules)\n"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60).returncode == 0
