"""The command host: what it runs is the same as without it, in every byte; it ends well, and is in nobody's way."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support import ROOT

from mechgrade.doors.command import may_be_lent
from mechgrade.doors.host import talk
from mechgrade.doors.host.leave import ask_host, leave_host

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="the command host needs Linux")]

SCRIPT = (str(Path(sys.executable).with_name("mechgrade")),)
MODULE = (sys.executable, "-m", "mechgrade")
PROBE = Path(__file__).with_name("probe_host.py")
SOLUTION = (ROOT / "examples/small-models/solutions/arrays/softmax.py").read_text()
ENDLESS = "import pathlib, time\n\ndef softmax(scores):\n    while True:\n        time.sleep(0.01)\n"


def until(true: Callable[[], object], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(true())


def state_of(pid: int) -> str:
    """The letter of a process's state; Z, or none, where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    return state_of(pid) not in ("", "Z")


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


class Ground:
    """A course, a learner's progress, and a runtime directory of the tests' own."""

    def __init__(self, root: Path, runtime: Path) -> None:
        self.course, self.home, self.runtime = root / "course", root / "home", runtime
        shutil.copytree(ROOT / "examples/small-models", self.course)
        self.solved, self.endless = root / "solved", root / "endless"
        for folder, text in ((self.solved, SOLUTION), (self.endless, ENDLESS)):
            (folder / "arrays").mkdir(parents=True)
            (folder / "arrays/softmax.py").write_text(text)
        self.stub = self.course / "exercises/arrays/softmax.py"
        self.unwritten = self.stub.read_text()

    def environment(self, **more: str) -> dict[str, str]:
        told = {
            **os.environ,
            "MECHGRADE_HOME": str(self.home),
            "MECHGRADE_SERVER": "1",
            "COLUMNS": "90",
            "TERM": "xterm",
        }
        return {**told, **more}

    def begin(self) -> None:
        """As if nobody had done anything here."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.stub.write_text(self.unwritten)

    def host(self) -> dict[str, Any]:
        """The host, started where there is none. Where a file of the engine has just changed, that takes a while."""

        def there() -> object:
            if ask_host("status") is None:
                leave_host()
                until(lambda: ask_host("status"), 3)
            return ask_host("status")

        assert until(there), "no host came"
        found = ask_host("status")
        assert found is not None
        return found

    def run(
        self, *arguments: object, by: Sequence[str] = SCRIPT, ok: int | None = None, **more: str
    ) -> tuple[str, str, int]:
        """A command as a shell runs it with its output into a file."""
        command = [*by, *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=self.course,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ok is None or done.returncode == ok, done.stdout + done.stderr
        return done.stdout, done.stderr, done.returncode

    def begin_endless(self, **settings: Any) -> subprocess.Popen[str]:
        """A command that grades a learner's endless loop, and has begun that."""
        before = self.host()["commands"]
        begun = subprocess.Popen(
            [*SCRIPT, "grade", str(self.endless)],
            cwd=self.course,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **settings,
        )
        assert until(lambda: self.host()["commands"] == before + 1 and self.forks())
        time.sleep(0.5)
        return begun

    def forks(self) -> list[int]:
        return [pid for pid in children(self.host()["process"]) if is_alive(pid)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    runtime = Path(f"/tmp/host-{os.getpid()}")  # short: a socket's path has a limit
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        made = Ground(tmp_path_factory.mktemp("host"), runtime)
        yield made
        made.run("server", "--stop")
        ask_host("stop")
        shutil.rmtree(runtime)


# --- the same as without it --------------------------------------------------------------------------------------------

COMMANDS: list[tuple[str, ...]] = [
    ("--help",),
    (),
    ("grade", "--help"),
    ("grade", "--lab", "arrays"),
    ("grade", "SOLVED"),
    ("grade", "SOLVED", "--plain", "--strict"),
    ("grade", "--lab", "arrays", "--strict", "--json", "OUT"),
    ("grade", "SOLVED", "--html", "OUT"),
    ("grade", "nothing_here"),
    ("grade", "--jobs", "none"),
    ("grade", "--no-such-option"),
    ("grade", "--lab", "arrays", "--isolation", "inline"),
    ("hint", "softmax"),
    ("hint", "softmax", "--more"),
    ("hint", "softmax", "99"),
    ("read", "softmax"),
    ("map",),
    ("map", "--plain"),
    ("progress",),
    ("progress", "--delete"),
    ("no-such-command",),
]


def both(ground: Ground, run: Callable[..., Any], command: tuple[str, ...], **more: str) -> tuple[Any, Any]:
    """What a command gives by the host, and without it."""
    out = ground.course / "out"
    words = [{"SOLVED": str(ground.solved), "OUT": str(out)}.get(word, word) for word in command]
    before = ground.host()["commands"]
    results = []
    for server in ("1", "0"):
        ground.begin()
        out.unlink(missing_ok=True)
        said = run(*words, MECHGRADE_SERVER=server, **more)
        written = re.sub(r'"seconds": [\d.]+|[\d.]+ m?s\b', "", out.read_text()) if out.exists() else ""
        kept = sorted(path.name for path in ground.home.iterdir()) if ground.home.exists() else []
        results.append((said, written, kept))
        before += server == "1" and may_be_lent(words, {})
    assert ground.host()["commands"] == before, "it was the host that ran the first, and not the second"
    return results[0], results[1]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "nothing")
def test_a_command_says_the_same_into_a_pipe(ground, command):
    by_host, alone = both(ground, ground.run, command)
    assert by_host == alone


@pytest.mark.parametrize("command", [("grade", "--help"), ("grade", "--nonsense"), ("hint", "softmax")], ids=" ".join)
def test_the_module_is_the_command_too(ground, command):
    by_host, alone = both(ground, lambda *words, **more: ground.run(*words, by=MODULE, **more), command)
    assert by_host == alone


def in_terminal(ground: Ground, *arguments: str, **more: str) -> tuple[bytes, int]:
    terminal = pexpect.spawn(
        SCRIPT[0],
        list(arguments),
        cwd=str(ground.course),
        env=ground.environment(**more),
        timeout=300,
        dimensions=(30, 77),
    )
    said = terminal.read()
    terminal.close()
    return said, terminal.exitstatus


@pytest.mark.parametrize(
    "command", [("--help",), ("grade", "SOLVED"), ("map",), ("hint", "softmax"), ("grade", "--nonsense")], ids=" ".join
)
@pytest.mark.parametrize("settings", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["", "no-color", "dumb"])
def test_a_command_says_the_same_on_a_terminal(ground, command, settings):
    by_host, alone = both(ground, lambda *words, **more: in_terminal(ground, *words, **more), command, **settings)
    assert by_host == alone
    if command == ("map",) and not settings:
        assert b"\x1b[" in by_host[0][0], "a terminal is written to in colour"


def test_a_pipe_that_nobody_reads_any_more(ground):
    def run(*_: object, **more: str) -> tuple[str, str]:
        words = f"{SCRIPT[0]} read softmax; echo $?"
        done = subprocess.run(
            ["bash", "-c", f"( {words} >&2 ) 2> >(head -c 10)"],
            cwd=ground.course, env=ground.environment(**more), capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        return done.stdout, done.stderr

    by_host, alone = both(ground, run, ("read", "softmax"))
    assert by_host == alone


# --- which commands go there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "grade --hidden s", "grade --hidden=s", "grade --require-isolation full", "grade --isolation inline", "grade --pdb",
        "grade --no-server", "cohort grade class", "audit", "record", "server --stop", "try x", "debug x", "watch", "learn",
        "new lab1 x", "a-command-of-the-course", "solution x",
    ],
)  # fmt: skip
def test_what_holds_a_secret_asks_or_lasts_is_run_by_itself(words):
    assert not may_be_lent(words.split(), {})


@pytest.mark.parametrize(
    "environment", [{"MECHGRADE_SECRET": "s"}, {"MECHGRADE_SERVER": "0"}, {"MECHGRADE_SERVER": "off"}]
)
def test_the_environment_says_so_too(environment):
    assert may_be_lent(["grade"], {}) and may_be_lent(["grade"], {"MECHGRADE_SERVER": "on"})
    assert not may_be_lent(["grade"], environment)


def test_a_debugger_sees_its_command(monkeypatch):
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        lent = may_be_lent(["grade"], {})
    finally:
        sys.settrace(before)
    assert not lent


# --- a process like a fresh one ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def probing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The runtime directory of a host whose command tells of itself."""
    runtime = Path(f"/tmp/probe-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        place = Path(talk.folder())
    host: list[subprocess.Popen[bytes]] = []

    def there() -> bool:
        if not host or host[0].poll() is not None:
            with (place / "lock").open("w") as lock:
                command = [sys.executable, str(PROBE), str(place / "socket"), str(lock.fileno()), "600"]
                host[:] = [subprocess.Popen(command, pass_fds=[lock.fileno()], start_new_session=True)]
            until((place / "socket").exists, 3)
        return (place / "socket").exists()

    assert until(there)
    yield runtime
    host[0].kill()
    host[0].wait()
    shutil.rmtree(runtime)


def asked(probing: Path, way: str, *words: str, shell: str = "", **settings: Any) -> tuple[dict[str, Any], str, int]:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(probing), **settings.pop("env", {})}
    command = [sys.executable, str(PROBE), way, *words]
    if shell:
        command = ["bash", "-c", f'{shell}; exec "$@" 5</dev/null', "bash", *command]
    done = subprocess.run(
        command,
        env=environment,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        **settings,
    )
    return (json.loads(done.stdout.splitlines()[0]) if done.stdout else {}), done.stderr, done.returncode


@pytest.mark.parametrize(
    ("shell", "settings"),
    [
        ("", {}),
        ("umask 027", {}),
        ("trap '' INT HUP", {}),
        ("exec 7>/dev/null 9</dev/zero", {}),
        ("", {"env": {"ÄÖ": "\udcff", "COLUMNS": "33", "EMPTY": ""}}),
        ("", {"cwd": "/usr"}),
        ("", {"input": "a line\nand another"}),
    ],
    ids=["plain", "umask", "ignored", "files", "environment", "folder", "input"],
)
def test_a_fork_is_like_a_fresh_process(probing, shell, settings):
    settings = {"input": "", **settings}
    found, said, code = asked(probing, "--probe", "a b", "zero", shell=shell, **settings)
    alone, _, own_code = asked(probing, "--alone", "a b", "zero", shell=shell, **settings)
    assert "nobody lent it" not in said
    for each in (found, alone):
        each["arguments"].remove(each["arguments"][1])
        each["started"].remove(each["started"][2])
        # Pipes are new each time.
        each["files"] = {number: 0 if int(number) < 3 else inode for number, inode in each["files"].items()}
        each["in C"] = re.sub(r"(?m)^_=.*\n", "", each["in C"])
    assert found == alone
    assert code == own_code == 0


@pytest.mark.parametrize("end", ["none", "seven", "text", "signal"])
def test_it_ends_as_it_would(probing, end):
    _, said, code = asked(probing, "--probe", end, input="")
    _, own, own_code = asked(probing, "--alone", end, input="")
    assert code == own_code
    assert said.partition("\n")[2] == own.partition("\n")[2]


def test_no_two_forks_draw_the_same(probing):
    drawn = {asked(probing, "--probe", input="")[1].split()[0] for _ in range(3)}
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("shell", "settings"),
    [
        ("ulimit -n 100", {}),
        ("ulimit -v 4000000", {}),
        ("taskset -p 1 $$ >/dev/null", {}),
        ("renice -n 5 $$ >/dev/null", {}),
        ("", {"env": {"LC_ALL": "POSIX"}}),
        ("", {"env": {"PYTHONIOENCODING": "latin-1"}}),
        ("", {"env": {"PYTHONWARNINGS": "error"}}),
        ("", {"env": {"OMP_NUM_THREADS": "7"}}),
        ("", {"env": {"TZ": "Asia/Tokyo"}}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get("env", "")),
)
def test_in_other_circumstances_it_is_run_by_itself(probing, shell, settings):
    if "taskset" in shell and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one processor")
    assert "nobody lent it" in asked(probing, "--probe", shell=shell, input="", **settings)[1]


def test_a_second_thread_or_a_print_makes_no_host():
    """Both would be in every command, or in none."""
    code = "from mechgrade.doors.host.imported import Imported; Imported(lambda: {})"
    thread = "__import__('threading').Thread(target=__import__('time').sleep, args=(9,), daemon=True).start()"
    for what, why in (
        (thread, "thread"),
        ("__import__('sys').path.append('/x')", "changed"),
        ("__import__('os').environ.update(A='b')", "changed"),
        ("print('hello', flush=True)", "changed"),
    ):
        with Path(f"/tmp/host-{os.getpid()}.out").open("w+b") as out:
            Path(out.name).unlink()
            done = subprocess.run(
                [sys.executable, "-c", code.format(what)], stdout=out, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 1 and why in done.stderr.decode(), what


# --- how it ends ---------------------------------------------------------------------------------------------------------


def test_ctrl_c_is_the_commands(ground):
    ground.host()
    terminal = pexpect.spawn(
        SCRIPT[0], ["grade", str(ground.endless)], cwd=str(ground.course), env=ground.environment(), timeout=60
    )
    assert until(ground.forks)
    time.sleep(1)
    fork = ground.forks()
    terminal.sendintr()
    said = terminal.read()
    terminal.close()
    assert b"interrupted; what is shown above was graded" in said
    assert terminal.exitstatus == 130
    assert until(lambda: not any(map(is_alive, fork)))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_killed_leaves_no_fork(ground, number):
    begun = ground.begin_endless()
    forks = ground.forks()
    assert forks
    begun.send_signal(number)
    assert begun.wait(60) == -number
    assert until(lambda: not any(map(is_alive, forks)), 15), "the loop ends by itself after half a minute"
    assert until(lambda: ground.host()["running"] == 0)


def test_ctrl_z_stops_the_fork_and_fg_lets_it_go_on(ground):
    begun = ground.begin_endless(process_group=0)
    (fork,) = ground.forks()
    begun.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(begun.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert until(lambda: state_of(fork) == "T")
    begun.send_signal(signal.SIGCONT)
    assert until(lambda: state_of(fork) not in ("T", ""))
    begun.send_signal(signal.SIGINT)
    assert begun.wait(60) == 130


def test_a_killed_host_takes_its_forks_along_and_the_next_command_makes_a_new_one(ground):
    begun = ground.begin_endless()
    host, forks = ground.host()["process"], ground.forks()
    os.kill(host, signal.SIGKILL)
    assert until(lambda: not any(map(is_alive, forks)), 15), "the loop ends by itself after half a minute"
    said = begun.communicate(timeout=60)
    assert begun.returncode == 3
    assert "was ended from outside; run it again" in said[1]
    assert ask_host("status") is None
    assert "5 / 5" in ground.run("grade", ground.solved, ok=0)[0], "its socket is still there, and nobody answers"
    assert until(lambda: ask_host("status"))
    assert ask_host("status")["process"] != host


def test_a_host_that_does_not_answer_is_not_waited_for(ground, monkeypatch):
    host = ground.host()["process"]
    os.kill(host, signal.SIGSTOP)
    try:
        assert "hint 1 of" in ground.run("hint", "softmax", ok=0)[0]
    finally:
        os.kill(host, signal.SIGCONT)
    before = ground.host()["commands"]
    time.sleep(0.5)
    assert ground.host()["commands"] == before, "what was given up is not run after all"


def test_a_host_that_cannot_fork_is_done_without(ground):
    """As when this user may have no more processes. The client of a command that did not run runs it itself."""
    ask_host("stop")
    folder = Path(talk.folder())
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(folder / "stand-in"))
        listener.listen()
        (folder / "stand-in").rename(folder / "socket")
        begun = subprocess.Popen(
            [*SCRIPT, "hint", "softmax"], cwd=ground.course, env=ground.environment(), stdout=subprocess.PIPE, text=True
        )
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"ready\n")
            assert connection.recv(1) == talk.GO
            connection.sendall(b"refused: no process could be made\n")
            assert "hint 1 of" in begun.communicate(timeout=60)[0]
    assert begun.returncode == 0


def test_stop_lets_the_running_command_go_on(ground):
    begun = ground.begin_endless()
    host = ground.host()["process"]
    (fork,) = ground.forks()
    assert f"process {host}" in ground.run("server", ok=0)[0]
    assert f"ended the process that commands start from (process {host})" in ground.run("server", "--stop", ok=0)[0]
    assert ask_host("status") is None
    assert is_alive(fork)
    begun.send_signal(signal.SIGINT)
    assert begun.wait(60) == 130
    assert until(lambda: not is_alive(host))


def test_it_ends_when_nobody_asks_any_more(ground, monkeypatch):
    ask_host("stop")
    monkeypatch.setenv("MECHGRADE_IDLE", "1.5")
    process = ground.host()["process"]
    assert until(lambda: not is_alive(process))
    assert not (Path(talk.folder()) / "socket").exists()


def test_there_is_one_however_many_begin_it(ground):
    ask_host("stop")
    for _ in range(5):
        leave_host()
    process = ground.host()["process"]
    leave_host()
    time.sleep(1)
    assert ground.host()["process"] == process
    with (Path(talk.folder()) / "lock").open("w") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_several_shells_at_once(ground):
    before = ground.host()["commands"]
    words = [("hint", "softmax"), ("grade", str(ground.solved)), ("read", "softmax"), ("map",), ("progress",)] * 2
    begun = [
        subprocess.Popen([*SCRIPT, *each], cwd=ground.course, env=ground.environment(), stdout=subprocess.PIPE)
        for each in words
    ]
    said = [each.communicate(timeout=300)[0] for each in begun]
    assert [each.returncode for each in begun] == [0] * len(words)
    assert b"hint 1 of" in said[0] and b"5 / 5" in said[1] and b"5 / 5" in said[6]
    assert ground.host()["commands"] == before + len(words)


# --- who gets it, and when not -------------------------------------------------------------------------------------------


def test_a_changed_engine_is_not_used(ground, tmp_path):
    """Of a copy of the engine, which is another checkout: it has a host of its own."""
    shutil.copytree(ROOT / "mechgrade", tmp_path / "mechgrade", ignore=shutil.ignore_patterns("__pycache__"))
    environment = ground.environment(PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")
    told = "import json; from mechgrade.doors.host.leave import ask_host, leave_host; {}; print(json.dumps(ask_host('status')))"

    def status(do: str = "") -> dict[str, Any] | None:
        command = [sys.executable, "-c", told.format(do or "0")]
        return json.loads(subprocess.run(command, env=environment, cwd="/", capture_output=True, check=True).stdout)

    def hint() -> str:
        command = [*MODULE, "hint", "softmax"]
        return subprocess.run(
            command, env=environment, cwd=ground.course, capture_output=True, text=True, check=True
        ).stdout

    assert until(lambda: status() or (status("leave_host()"), time.sleep(2))[0]), "no host came"
    first = status()
    assert first is not None and first["process"] != ground.host()["process"]
    assert "hint 1 of" in hint()
    assert (status() or {})["commands"] == 1
    changed = tmp_path / "mechgrade/doors/cli/learn.py"
    changed.write_text(changed.read_text().replace("hint {number} of", "HINT {number} of"))
    assert "HINT 1 of" in hint()
    assert status() is None
    assert until(lambda: not is_alive(first["process"]))


def test_another_user_gets_no_answer(ground):
    """The directory keeps them out; should that fail, the kernel's word on who they are does."""
    if os.geteuid() != 0:
        pytest.skip("only root can try as somebody else")
    ground.host()
    address = Path(talk.folder()) / "socket"

    def answered(user: int) -> bool:
        child = os.fork()
        if child == 0:
            try:
                os.setgid(user)
                os.setuid(user)
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                    caller.connect(str(address))
                    caller.send(talk.document('{"ask": "status"}'))
                    os._exit(len(caller.recv(4096)) > 0)
            except (ConnectionError, BrokenPipeError):
                os._exit(0)
            finally:
                os._exit(2)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 1), "it could not even ask"
        return code == 1

    places = [address, *address.parents[:3]]
    before = [place.stat().st_mode for place in places]
    try:
        for place in places:
            place.chmod(0o777)
        found = [answered(user) for user in (65534, 0)]
    finally:
        for place, mode in zip(places, before, strict=True):
            place.chmod(mode & 0o777)
    assert found == [False, True]


def test_a_host_of_another_user_is_not_asked(ground, tmp_path, monkeypatch):
    """Someone else listens where ours would: nothing is said to them, and nothing of ours is handed over."""
    if os.geteuid() != 0:
        pytest.skip("only root can try as somebody else")
    runtime = Path(f"/tmp/other-{os.getpid()}")
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    place = Path(talk.folder())
    for folder in (runtime, place.parent, place):
        folder.chmod(0o777)
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(place / "socket"))
            listener.listen()
            connection, _ = listener.accept()
            os._exit(len(connection.recv(100)) > 0)
    try:
        assert until((place / "socket").exists)
        for folder in (place.parent, place):
            folder.chmod(0o700)
        assert talk.connect() is None
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "it was told something"
    finally:
        shutil.rmtree(runtime)


@pytest.mark.parametrize("trap", ["open", "link"])
def test_a_directory_that_others_can_enter_is_not_used(ground, trap, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    place = tmp_path / f"mechgrade-{os.geteuid()}"
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
    else:
        (tmp_path / "mine").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "mine")
    leave_host()
    assert ask_host("status") is None
    assert "hint 1 of" in ground.run("hint", "softmax", ok=0)[0]


def test_nonsense_on_its_socket_does_not_disturb_it(ground):
    before = ground.host()
    for words in (
        b"",
        b"\xff",
        b"0000000",
        b"ffffffff",
        b"zzzzzzzz{}",
        talk.document("[]"),
        talk.document("{}"),
        talk.document('{"ask": "run"}'),
        b"1" * 4000,
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.connect(str(Path(talk.folder()) / "socket"))
            caller.sendall(words)
            with Path("/dev/null").open() as file, contextlib.suppress(BrokenPipeError):
                socket.send_fds(caller, [b" "], [file.fileno()])
    assert ground.host()["process"] == before["process"]
    assert until(lambda: len(list(Path(f"/proc/{before['process']}/fd").iterdir())) <= 6), "it keeps what they brought"


def test_what_it_was_started_with_is_no_secret(ground, monkeypatch):
    ask_host("stop")
    monkeypatch.setenv("HF_TOKEN", "a-token")
    process = ground.host()["process"]
    names = {each.partition(b"=")[0] for each in Path(f"/proc/{process}/environ").read_bytes().split(b"\0") if each}
    assert b"HF_TOKEN" not in names and b"PATH" not in names


def test_what_commands_import_is_there(ground):
    """Otherwise each of them imports it again, and the host is of little use."""
    told = (
        "import sys; from mechgrade.doors.command_host import bring; bring(); before = set(sys.modules)\n"
        "from mechgrade.doors.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*set(sys.modules) - before, file=sys.stderr)"
    )
    for words in ("grade --lab arrays", "hint softmax", "read softmax", "map", "progress", "--help"):
        command = [sys.executable, "-c", told, *words.split()]
        done = subprocess.run(
            command, cwd=ground.course, env=ground.environment(MECHGRADE_SERVER="0"), capture_output=True, text=True
        )
        late = {
            name
            for name in done.stderr.splitlines()[-1].split()
            if not name.startswith(("graders", "test_", "brackets"))
        }
        assert not {name for name in late if name.startswith("mechgrade")}, words
        # What is left out is small, or not to be imported ahead: readline writes to some terminals.
        assert len(late) < 8, f"{words}: {late}"
