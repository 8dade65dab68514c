"""`mechgrade watch` in a terminal of its own, with real saves: a learner has it open all day, and must be able to trust it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.grading.warm.worker import ask

pytestmark = pytest.mark.long

COMMAND = [sys.executable, "-m", "mechgrade.doors.cli", "watch", "--lab", "lab3"]
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

#: Generous: the first verdict waits for the libraries, on a machine that does other things too.
PATIENCE = 150


class Terminal:
    """A pseudo-terminal with the command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40", "MECHGRADE_SERVER": "1"}
        self.process = subprocess.Popen(
            COMMAND, cwd=root, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        self.text = ""

    def read(self, seconds: float) -> None:
        """Take what was printed, for at most so long."""
        if select.select([self._master], [], [], seconds)[0]:
            self.text += _ESCAPES.sub("", os.read(self._master, 65536).decode(errors="replace")).replace("\r", "")

    def shows(self, pattern: str, seconds: float = PATIENCE) -> str:
        """Wait for some words after all that was waited for before; returns what came until then, with them."""
        end = time.monotonic() + seconds
        while (found := re.search(pattern, self.text, re.DOTALL)) is None:
            assert time.monotonic() < end, f"{pattern!r} did not come; there is:\n{self.text}"
            self.read(0.2)
        past, self.text = self.text[: found.end()], self.text[found.end() :]
        return past

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def attributes(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)

    # --- what an editor does -----------------------------------------------------------------------------------------

    def file(self, name: str) -> Path:
        return self.root / "exercises" / "lab3" / f"{name}.py"

    def save(self, name: str, text: str) -> None:
        self.file(name).write_text(text, encoding="utf-8")


def reference(name: str) -> str:
    return (ROOT / "solutions" / "lab3" / f"{name}.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A course whose exercises are all stubs, and a runtime directory of its own."""
    root = tmp_path_factory.mktemp("course")
    for part in ("graders", "fixtures", "exercises", "interp"):
        shutil.copytree(ROOT / part, root / part)
    shutil.copy(ROOT / "course.yaml", root)
    runtime = Path(f"/tmp/watch-{os.getpid()}")  # short: a socket's path has a limit
    runtime.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.setenv("MECHGRADE_HOME", str(root / "home"))
        yield root
        ask(root, {"ask": "stop"})
        shutil.rmtree(runtime)


@pytest.fixture(scope="module")
def running(checkout: Path) -> Iterator[Terminal]:
    """One watch for most tests here; each makes its own saves."""
    terminal = Terminal(checkout)
    terminal.shows("save a file, and it is graded.*Keys.*quit")
    time.sleep(1)  # the folder is watched from here on
    yield terminal
    terminal.close()


def test_a_saved_file_is_graded_and_what_is_next_is_shown(running: Terminal) -> None:
    running.save("repeated_tokens", reference("repeated_tokens"))
    shown = running.shows(r"Next +exercises/lab3/\w+\.py.*quit")
    assert "✓ repeated_tokens" in shown
    assert "Next   exercises/lab3/loss_by_position.py" in shown


def test_a_file_that_does_not_parse_is_told_and_mended(running: Terminal) -> None:
    running.save("find_heads", reference("find_heads") + "\nx = (\n")
    assert "SyntaxError" in running.shows("! find_heads.*Next.*quit")
    running.save("find_heads", reference("find_heads"))
    running.shows("✓ find_heads.*Next.*quit")


def test_an_editor_that_renames_a_new_file_over_the_old_one(running: Terminal) -> None:
    target = running.file("attention_motifs")
    new = target.with_name(".attention_motifs.py.swp")
    new.write_text(reference("attention_motifs"), encoding="utf-8")
    target.rename(target.with_name("attention_motifs.py~"))  # as vim does with a backup
    new.rename(target)
    running.shows("✓ attention_motifs.*Next.*quit")


def test_many_saves_at_once_are_one_and_the_last_one_counts(running: Terminal) -> None:
    for count in range(20):
        running.save("in_context_score", f"# {count}\nraise RuntimeError('not yet')\n")
        time.sleep(0.01)
    running.save("in_context_score", reference("in_context_score"))
    shown = running.shows("✓ in_context_score.*Next.*quit")
    assert len(re.findall("[!✓] in_context_score", shown)) <= 3


def test_a_file_that_is_deleted_is_missing_and_nothing_else_breaks(running: Terminal) -> None:
    running.file("head_report").unlink()
    assert "there is no file lab3/head_report.py" in running.shows(r"\? head_report.*Next.*quit")
    running.save("head_report", reference("head_report"))
    running.shows("✓ head_report.*Next.*quit")


def test_nobody_waits_for_a_loop_that_is_no_longer_in_the_file(running: Terminal) -> None:
    """A grading that was overtaken by a save is cut short; it would take 20 s for each of its checks."""
    running.save("predict_repeat", "while True:\n    pass\n")
    time.sleep(1.5)
    running.save("predict_repeat", reference("predict_repeat"))
    assert "⧗" not in running.shows("✓ predict_repeat.*Next.*quit", 60)


def test_two_files_saved_one_after_the_other_are_both_graded(running: Terminal) -> None:
    running.save("ov_copying", reference("ov_copying"))
    time.sleep(0.3)
    running.save("qk_previous_token", reference("qk_previous_token"))
    running.shows("✓ ov_copying.*✓ qk_previous_token.*Next.*quit")


def test_other_files_are_nobodys_concern(running: Terminal) -> None:
    running.file("notes").write_text("no exercise", encoding="utf-8")
    (running.root / "exercises" / "lab3" / "find_heads.txt").write_text("no Python", encoding="utf-8")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        running.read(0.2)
    assert running.text.strip() == ""


def test_the_keys(running: Terminal) -> None:
    running.save("composition_scores", (ROOT / "exercises" / "lab3" / "composition_scores.py").read_text())
    running.shows("· composition_scores.*Next.*quit")
    running.press("h")
    running.shows("composition_scores, hint 1 of")
    running.press("h")
    running.shows("composition_scores, hint 2 of")
    running.save("repeated_tokens", reference("repeated_tokens"))
    running.shows("✓ repeated_tokens.*Next +exercises/lab3/loss_by_position.*quit")
    running.press("h")
    running.shows("loss_by_position, hint 1 of")  # of the one that is next, not of the one that is done
    running.press("\x1b[A")  # an arrow holds an A, and asks for nothing
    running.press("a")
    shown = running.shows(r"Score .* / .*Next.*quit")
    assert len(re.findall(r"not started|passed", shown)) == len(list((ROOT / "solutions" / "lab3").glob("*.py")))


@pytest.mark.slow  # each is a Python of its own that imports torch
def test_p_makes_the_plots_of_the_file_and_saves_go_on_being_graded(running: Terminal) -> None:
    running.save("loss_by_position", (ROOT / "exercises" / "lab3" / "loss_by_position.py").read_text())
    running.shows("· loss_by_position.*Next.*quit")
    running.press("p")
    running.shows("Running exercises/lab3/loss_by_position.py.*is not written yet")
    running.save("find_heads", reference("find_heads"))
    running.shows("✓ find_heads.*Next.*quit")
    running.press("p")
    running.press("p")
    running.shows("The last plot is still being made")
    running.shows(r"saved outputs/\S+\.png")


def test_q_ends_it_and_leaves_the_terminal_as_it_was(checkout: Path) -> None:
    terminal = Terminal(checkout)
    try:
        terminal.shows("Keys.*quit")
        time.sleep(0.5)
        assert terminal.attributes() != terminal.before, "keys are read without Return"
        terminal.press("q")
        assert terminal.process.wait(60) == 0
        assert terminal.attributes() == terminal.before
    finally:
        terminal.close()


def test_without_a_terminal_it_prints_plain_lines_until_it_is_ended(checkout: Path) -> None:
    environment = {**os.environ, "COLUMNS": "100", "MECHGRADE_SERVER": "1"}
    with subprocess.Popen(
        COMMAND, cwd=checkout, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("Next" in line for line in lines)
        time.sleep(1)
        target = checkout / "exercises" / "lab3" / "find_heads.py"
        target.write_text(reference("find_heads"), encoding="utf-8")
        graded = next(line for line in lines if "find_heads" in line)
        assert "passed" in graded
        assert "\x1b" not in graded
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_changed_course_starts_it_anew_and_loses_no_save(checkout: Path) -> None:
    terminal = Terminal(checkout)
    try:
        terminal.shows("Keys.*quit")
        time.sleep(1)
        course = checkout / "course.yaml"
        course.write_text(course.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        terminal.save("find_heads", reference("find_heads"))
        terminal.shows("has changed: starting anew.*✓ find_heads.*Next.*quit")
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nowhere"], "there is nothing at nowhere"),
        (["exercises/lab3/find_heads.py"], "for this file: mechgrade watch exercises --exercise find_heads"),
    ],
)
def test_a_mistake_in_the_command_is_told(arguments: list[str], part: str, checkout: Path) -> None:
    done = subprocess.run(
        [*COMMAND[:4], *arguments], cwd=checkout, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert part in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
