"""What learner code can read and write."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mechgrade import sandbox

from .conftest import Box, names_in


def readable_text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


@pytest.fixture
def course(ground: Path) -> Path:
    """A project as it lies on the machine: the package and the environment beside the solutions."""
    for name in (
        "package/code.py",
        ".venv/lib/library.py",
        "solutions/lab1.py",
        "fixtures/models/model",
        "fixtures/recorded/answer",
    ):
        path = ground / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (ground / "current").symlink_to("package")
    (ground / "absolute").symlink_to(ground / ".venv")
    (ground / "leak").symlink_to(ground / "solutions")
    return ground


def shown(course: Path) -> tuple[Path, ...]:
    return (*sandbox.interpreter_paths(), course / "package", course / ".venv", course / "fixtures/models")


def test_solutions_beside_the_package_stay_closed(box: Box, course: Path) -> None:
    """Were it not so, a learner's code could print the reference solution and the recorded outputs."""

    def body() -> dict[str, str | None]:
        names = ["package/code.py", ".venv/lib/library.py", "fixtures/models/model"]
        secrets = ["solutions/lab1.py", "fixtures/recorded/answer", "leak/lab1.py", "package/../solutions/lab1.py"]
        return {name: readable_text(course / name) for name in names + secrets}

    seen = box.value(body, readable=shown(course))
    assert {name for name, text in seen.items() if text} == {
        "package/code.py",
        ".venv/lib/library.py",
        "fixtures/models/model",
    }


def test_siblings_cannot_even_be_listed_at_level_full(full: Box, course: Path) -> None:
    """The names of other submissions and of hidden fixtures are information too."""
    names = full.value(lambda: [names_in(course), names_in(course / "fixtures")], readable=shown(course))
    assert names == [[".venv", "fixtures", "package"], ["models"]]


def test_symbolic_links_on_the_way_work(box: Box, course: Path) -> None:
    """/lib is a link to usr/lib, and a virtual environment's python a link to an interpreter elsewhere."""
    links = [course / "current" / "code.py", course / "absolute" / "lib" / "library.py"]
    readable = (*sandbox.interpreter_paths(), course / "current", course / "absolute/lib")
    assert box.value(lambda: [path.read_text() for path in links], readable=readable) == [
        "package/code.py",
        ".venv/lib/library.py",
    ]


def test_what_is_shown_may_lie_in_tmp(box: Box) -> None:
    """A grader that unpacks its environment in the machine's /tmp finds it there inside, in the private one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "library.py").write_text("library")
        assert box.value((place / "library.py").read_text, readable=(*sandbox.interpreter_paths(), place)) == "library"


def test_a_single_file_can_be_shown(box: Box, course: Path) -> None:
    """The loader's cache is a file in a directory of others."""

    def body() -> list[str | None]:
        return [readable_text(course / "package/code.py"), readable_text(course / ".venv/lib/library.py")]

    readable = (*sandbox.interpreter_paths(), course / "package/code.py")
    assert box.value(body, readable=readable) == ["package/code.py", None]


def test_accounts_homes_and_credentials_are_closed(box: Box) -> None:
    """The instructor's keys and tokens are on the same machine."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    secrets = ["/etc/shadow", "/etc/ssh", "/var", "/root", "/home", home, "/run", f"/proc/{os.getpid()}/environ"]

    def body() -> list[str]:
        opened = []
        for name in secrets:
            try:
                content = names_in(name) if Path(name).is_dir() else Path(name).read_bytes()
            except OSError:
                continue
            # The way to an interpreter in a home shows, with nothing beside it.
            opened += [name] if content not in ([".pyenv"], []) else []
        return opened

    assert box.value(body) == []


@pytest.mark.parametrize("name", ["new.txt", "package/code.py"])
def test_nothing_outside_tmp_can_be_written(box: Box, course: Path, name: str) -> None:
    """A learner's code that could write to the package would grade everyone after it."""
    for path in (course, *course.rglob("*")):
        path.chmod(0o777)  # so that only the sandbox is in the way
    outcome = box.run(lambda: (course / name).write_text("changed"), readable=shown(course))
    assert outcome.raised in ("PermissionError", "OSError", "FileNotFoundError"), outcome
    assert (course / "package/code.py").read_text() == "package/code.py"
    assert not (course / "new.txt").exists()


def test_tmp_is_home_and_working_directory(box: Box) -> None:
    """Libraries write caches to the home directory: that must work, and go nowhere."""

    def body() -> str:
        Path("notes.txt").write_text("mine")
        assert Path.home() == Path.cwd()
        with tempfile.TemporaryFile() as file:
            file.write(b"scratch")
        return str(Path("notes.txt").resolve())

    where = Path(box.value(body))
    assert where.name == "notes.txt"
    assert not where.exists(), "the temporary directory outlived the run"


def test_tmp_has_a_size(full: Box) -> None:
    """Disk and memory that a run fills must not be the machine's."""

    def body() -> int:
        written = 0
        try:
            for number in range(100):
                Path(f"file{number}").write_bytes(bytes(1 << 20))
                written += 1
        except OSError as error:
            assert error.errno == 28, error
        return written

    assert 6 <= full.value(body, tmp_mb=8) <= 8


def test_a_file_has_a_size(box: Box) -> None:
    """At level process there is no private file system, but no file grows beyond the limit."""
    outcome = box.run(lambda: Path("big").write_bytes(bytes(3 << 20)), file_mb=2)
    assert outcome.raised == "OSError" and "[Errno 27]" in outcome.message, outcome


def test_devices_are_the_harmless_ones(full: Box) -> None:
    """No terminal, no disk; but libraries read random numbers and write to /dev/null."""

    def body() -> list[str]:
        with Path("/dev/urandom").open("rb") as random:
            assert len(random.read(8)) == 8
        Path("/dev/null").write_text("gone")
        Path("/dev/shm/segment").write_text("shared")
        return names_in("/dev")

    assert full.value(body) == ["fd", "full", "null", "random", "shm", "urandom"]


def test_readable_cannot_open_everything() -> None:
    """A slip in a configuration must not open the machine."""
    for paths in ((Path("/"),), (Path("relative"),), (Path("/proc/1"),), (Path("/usr/../root"),)):
        with pytest.raises(ValueError):
            sandbox.Policy(level="full", readable=paths)


def test_what_a_killed_parent_left_is_removed_a_day_later(tmp_path: Path) -> None:
    """The directory of a learner's process at level process outlives a parent that is killed. Other directories, and new ones, stay."""
    forsaken, new = tmp_path / "mechgrade-4242-abcdefgh", tmp_path / "mechgrade-4243-abcdefgh"
    others = [tmp_path / "mechgrade-class-abcdefgh", tmp_path / "mechgrade-0"]
    for path in (forsaken, new, *others):
        (path / "a/b").mkdir(parents=True)
        (path / "a/file").write_text("left")
    link = tmp_path / "mechgrade-4244-abcdefgh"
    link.symlink_to(others[0])
    old = time.time() - 90_000
    for path in (forsaken, *others):
        os.utime(path, (old, old))
    os.utime(link, (old, old), follow_symlinks=False)
    settles = "from mechgrade import sandbox; sandbox.settle()"
    subprocess.run([sys.executable, "-c", settles], env={**os.environ, "TMPDIR": str(tmp_path)}, check=True, timeout=60)
    assert sorted(tmp_path.iterdir()) == sorted([new, link, *others])
