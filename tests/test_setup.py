"""`make setup` keeps a torch that is there and sees a GPU. The machines that need it cannot be had in CI: a stand-in plays the container's torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.authoring.archive import FILES
from mechgrade.course import load_course

sys.path.insert(0, str(ROOT / "scripts"))
import install
from prepare_venv import Torch, choose, constraints

pytestmark = pytest.mark.long

GPU, NO_GPU = Torch("2.9.0a0+nv25.12", True), Torch("2.9.0", False)
#: The interpreter outside of any environment.
SYSTEM = str(Path(sysconfig.get_config_var("BINDIR"), "python3"))


@pytest.mark.parametrize(
    ("mode", "own", "system", "kept", "words"),
    [
        ("auto", None, GPU, GPU, "stays, because it sees a GPU"),
        ("auto", GPU, None, GPU, "the environment's 2.9.0a0+nv25.12 stays"),
        ("auto", None, NO_GPU, None, "sees no GPU (TORCH=system keeps it)"),
        ("auto", None, None, None, "has none of its own"),
        ("pinned", GPU, GPU, None, "because TORCH=pinned"),
        ("system", None, NO_GPU, NO_GPU, "because TORCH=system"),
    ],
)
def test_the_choice_and_the_sentence_that_says_so(mode, own, system, kept, words):
    found, sentence = choose(mode, own, system)
    assert (found, words in sentence) == (kept, True), sentence


def test_the_pins_leave_out_torch_and_nothing_else():
    text = (ROOT / "constraints.txt").read_text()
    pins = [line for line in text.splitlines() if not line.startswith("#")]
    changed = constraints(text, GPU).splitlines()
    assert set(pins) - set(changed) == {next(pin for pin in pins if pin.startswith("torch=="))}
    assert "torch==2.9.0a0+nv25.12" in changed
    assert constraints(text, None) == text


@pytest.fixture
def machine(tmp_path):
    """A checkout beside a Python whose packages hold a torch that sees a GPU."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/prepare_venv.py", tmp_path / "scripts")
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    site = tmp_path / "user" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (site / "torch").mkdir(parents=True)
    code = "__version__ = '2.9.0a0+nv25.12'\nclass cuda:\n    is_available = staticmethod(lambda: True)\n"
    (site / "torch/__init__.py").write_text(code)
    info = site / "torch-2.9.0a0+nv25.12.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0a0+nv25.12\n")
    (info / "INSTALLER").write_text("pip\n")
    (info / "RECORD").write_text("")
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    env |= {"PYTHONUSERBASE": str(tmp_path / "user")}

    def call(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)

    return call


def test_a_torch_of_another_version_comes_through_untouched(machine, tmp_path):
    done = machine(SYSTEM, "scripts/prepare_venv.py", "--torch", "auto", "--venv", ".venv")
    assert done.returncode == 0, done.stderr
    assert "the system's 2.9.0a0+nv25.12 stays, because it sees a GPU" in done.stdout
    before = {
        path: path.read_bytes() for path in (tmp_path / "user").rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    # What the project asks for, without an index: pip must be content with what is there.
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["torch"]
    (wanted,) = (line for line in asked if line.startswith("torch>"))
    done = machine(".venv/bin/pip", "install", "--no-index", "-c", ".venv/constraints.txt", wanted)
    assert "Requirement already satisfied: torch" in done.stdout, done.stdout + done.stderr
    shown = machine(".venv/bin/python", "-c", "import torch; print(torch.__version__, torch.__file__)").stdout
    assert shown.startswith("2.9.0a0+nv25.12") and str(tmp_path / "user") in shown
    assert all(path.read_bytes() == body for path, body in before.items())
    # A second time it is kept, and by hand the other way it is not.
    assert "stays" in machine(SYSTEM, "scripts/prepare_venv.py").stdout
    assert (
        "the pinned version, because TORCH=pinned"
        in machine(SYSTEM, "scripts/prepare_venv.py", "--torch", "pinned").stdout
    )
    assert "torch==2.13" in (tmp_path / ".venv/constraints.txt").read_text()
    assert "include-system-site-packages = false" in (tmp_path / ".venv/pyvenv.cfg").read_text()


def test_a_wrong_word_is_told(machine):
    done = machine(SYSTEM, "scripts/prepare_venv.py", "--torch", "newest")
    assert (done.returncode, done.stderr.strip()) == (2, "there is no TORCH=newest; there are auto, pinned and system")


# --- what is installed, and how it is shown ------------------------------------------------------------------------------


@pytest.fixture
def index():
    """An index of torch on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/cpu/torch/" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/cpu"
    server.shutdown()


def test_without_a_driver_the_small_torch_is_taken(index):
    asked = {"TORCH_CPU_INDEX": index}
    found, sentence = install.index_for(asked, "Linux", driver=False, keeps_torch=False)
    assert (found, "the build for processors" in sentence) == (index, True)
    for system, driver, keeps in (("Linux", True, False), ("Darwin", False, False), ("Linux", False, True)):
        assert install.index_for(asked, system, driver=driver, keeps_torch=keeps) == ("", "")
    chosen = asked | {"PIP_INDEX_URL": "https://mirror.example/simple"}
    assert install.index_for(chosen, "Linux", driver=False, keeps_torch=False) == ("", "index: as PIP_INDEX_URL says")


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/cpu", "nonsense"])
def test_where_its_index_is_out_of_reach_that_is_said(place):
    found, sentence = install.index_for({"TORCH_CPU_INDEX": place}, "Linux", driver=False, keeps_torch=False)
    assert found == "" and f"because {place} is out of reach" in sentence and "several gigabytes" in sentence


@pytest.fixture
def checkout(tmp_path):
    """A checkout with the files that setting up reads, and a folder of programs that come first."""
    root = tmp_path / "checkout"
    (root / "scripts").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "scripts/prepare_venv.py", "scripts/install.py"):
        shutil.copyfile(ROOT / name, root / name)
    (tmp_path / "bin").mkdir()
    return root


def program(path: Path, code: int = 0) -> Path:
    """A program that says what pip or uv says, and notes how it was called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "Collecting numpy\nDownloading numpy-2.5.0.whl (16 MB)\nSuccessfully installed numpy"
    path.write_text(f'#!/bin/sh\necho "$@" >> "{path}.called"\nprintf "{said}\\n"\nexit {code}\n')
    path.chmod(0o755)
    return path


def called(checkout: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in (*install.CHOSEN, "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    environment |= {
        "PATH": f"{checkout.parent / 'bin'}:/usr/bin:/bin",
        "TORCH_CPU_INDEX": "http://127.0.0.1:9/cpu",
        **more,
    }
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_make_setup_with_uv_is_two_lines_and_a_log(checkout, index):
    uv = program(checkout.parent / "bin/uv")
    done = called(checkout, "make", "setup", f"PYTHON={SYSTEM}", TORCH_CPU_INDEX=index)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 4 and lines[-1].startswith("installed in ") and lines[-1].endswith(".venv/setup.log"), lines
    arguments = Path(f"{uv}.called").read_text()
    assert arguments.startswith("pip install --python .venv/bin/python -c .venv/constraints.txt")
    assert arguments.strip().endswith("-e .[transformer-lens,kernel]")
    if not install.has_driver() and sys.platform == "linux":
        assert f"--extra-index-url {index} --index-strategy unsafe-best-match" in arguments
    log = (checkout / ".venv/setup.log").read_text()
    assert log.startswith("$ ") and "Downloading numpy" in log
    done = called(checkout, "make", "setup", f"PYTHON={SYSTEM}")
    assert "Nothing to be done" in done.stdout and Path(f"{uv}.called").read_text() == arguments


def test_pip_takes_its_place_and_a_failure_shows_the_end_of_the_log(checkout):
    python = program(checkout / ".venv/bin/python", code=3)
    shutil.copyfile(checkout / "constraints.txt", checkout / ".venv/constraints.txt")
    done = called(checkout, SYSTEM, "scripts/install.py", ".[torch]")
    assert done.returncode == 3
    assert "installing failed after" in done.stderr and "Successfully installed numpy" in done.stderr
    assert Path(f"{python}.called").read_text().startswith("-m pip install --disable-pip-version-check")
    program(python)
    done = called(checkout, SYSTEM, "scripts/install.py", ".[torch]")
    assert done.returncode == 0 and "Collecting" not in done.stdout
    if not install.has_driver() and sys.platform == "linux":
        assert "the build for GPUs, several gigabytes, because http://127.0.0.1:9/cpu is out of reach" in done.stdout


def test_one_first_exercise_in_all_places():
    """The one that course.yaml has first: README's first step, the first hour, and what `mechgrade map` names next."""
    course = load_course(ROOT)
    first = course.stub_path(course.exercises()[0]).relative_to(ROOT).as_posix()
    readme = (ROOT / "README.md").read_text().partition("## For learners")[2]
    assert re.findall(r"`(exercises/lab\d/\w+\.py)`", readme)[0] == first
    assert f"EXERCISE={Path(first).stem}" in readme
    assert f"Next: {first}" in (ROOT / "docs/first-hour.md").read_text()


def test_readme_opens_with_what_is_needed_and_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert lines[2].startswith("You need") and lines[3] and not lines[4]
    assert (
        lines[5] == "```bash"
        and lines[6].startswith("git clone ")
        and lines[7].startswith("make grade")
        and lines[8] == "```"
    )


def test_the_learners_archive_holds_what_make_setup_calls():
    """The archive's Makefile is this one, and learners have nothing else."""
    recipe = (ROOT / "Makefile").read_text().partition("define install")[2].partition("endef")[0]
    called = re.findall(r"scripts/\w+\.py", recipe)
    assert len(called) == 2 and set(called) <= set(FILES)
