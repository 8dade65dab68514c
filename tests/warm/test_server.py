"""The server that keeps a worker warm: who gets it, when it is not used, how it ends. It must never be in anyone's way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benches.stranger import make_course
from support import ROOT

from mechgrade import sandbox
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, load_course
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.place import NoPlaceError, directory
from mechgrade.grading.warm.fingerprint import fingerprint
from mechgrade.grading.warm.server import ServerSettings
from mechgrade.grading.warm.worker import WarmWorker, ask
from mechgrade.protocol.job import Job
from mechgrade.protocol.outcome import Outcome

SOURCE = "def slope(x, y):\n    return 1.0\n"
LEVEL = sandbox.probe().level
INPUTS = {"points": 3, "seed": 0}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """One that needs NumPy alone: which libraries a worker has loaded is nothing to its server, and torch takes seconds."""
    return load_course(make_course(tmp_path_factory.mktemp("warm") / "course"))


@pytest.fixture(scope="module")
def private(course: Course) -> Iterator[Path]:
    """A runtime directory of the tests' own; what they leave there is ended afterwards."""
    place = Path(f"/tmp/warm-{os.getpid()}")  # short: a socket's path has a limit
    place.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(place))
        yield place
        ask(course.root, {"ask": "stop"})
        subprocess.run(["rm", "-r", str(place)], check=True)


def job_of(course: Course) -> Job:
    return Job(SOURCE, "week1/slope.py", str(course.grader_path(course.exercise("slope"))), "process", course.limits)


def run_one(worker: WarmWorker, course: Course) -> Outcome:
    process = worker.open(bench_spec(course), job_of(course))
    try:
        return process.run("on_random_points", INPUTS)
    finally:
        process.close()


def until(true: Callable[[], object], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(true())


def is_alive(pid: int) -> bool:
    """Whether a process is more than a corpse that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def server(course: Course, private: Path) -> dict[str, int]:
    """A server of this checkout; made anew where a test before this one has ended it."""
    worker = WarmWorker(course, level=LEVEL)
    assert run_one(worker, course).kind == "returned"
    worker.close()
    assert until(lambda: ask(course.root, {"ask": "status"}))
    found = ask(course.root, {"ask": "status"})
    assert found is not None
    return found


def test_the_next_command_gets_the_same_worker_and_an_answer_from_it(server, course):
    worker = WarmWorker(course, level=LEVEL)
    worker.start()
    assert worker.borrowed
    assert run_one(worker, course).kind == "returned"
    assert ask(course.root, {"ask": "status"})["clients"] == 1
    worker.close()
    assert until(lambda: ask(course.root, {"ask": "status"})["clients"] == 0)
    assert ask(course.root, {"ask": "status"})["worker"] == server["worker"]
    assert worker.note is None


def test_two_shells_work_with_one_worker_at_once(server, course):
    first, second = WarmWorker(course, level=LEVEL), WarmWorker(course, level=LEVEL)
    sessions = [worker.open(bench_spec(course), job_of(course)) for worker in (first, second)]
    outcomes = [session.run("on_random_points", INPUTS) for session in sessions]
    for session in sessions:
        session.close()
    assert first.borrowed and second.borrowed
    assert [outcome.kind for outcome in outcomes] == [outcomes[0].kind] * 2
    first.close()
    assert run_one(second, course).kind == "returned"  # the first one's end is not the worker's
    second.close()


def test_the_fingerprint_sees_the_environment(course, monkeypatch):
    """And the machine; that it sees files is shown in tests/core/test_dependencies.py."""
    before = fingerprint(course, "full")
    assert fingerprint(course, "full") == before
    assert fingerprint(course, "process") != before
    monkeypatch.setenv("HF_HOME", "/elsewhere")
    assert fingerprint(course, "full") != before


def test_a_worker_that_died_in_use_is_replaced_and_the_user_is_told(server, course):
    worker = WarmWorker(course, level=LEVEL)
    worker.start()
    assert worker.borrowed
    os.kill(server["worker"], signal.SIGKILL)
    assert run_one(worker, course).kind == "returned"
    assert worker.note == "the warm worker had ended; a fresh one was started"
    worker.close()


def test_a_killed_server_leaves_a_socket_that_nobody_trips_over(server, course):
    os.kill(server["server"], signal.SIGKILL)
    assert until(lambda: not is_alive(server["server"]))
    assert (directory(course.root) / "socket").exists()
    assert until(lambda: not is_alive(server["worker"])), "a worker without a server has nobody to work for"
    worker = WarmWorker(course, level=LEVEL)
    worker.start()
    assert not worker.borrowed
    assert run_one(worker, course).kind == "returned"
    assert until(lambda: ask(course.root, {"ask": "status"})), "the next server takes the place of the dead one"
    worker.close()


@pytest.fixture
def stand_in(private: Path, tmp_path: Path) -> Iterator[Callable[[float], tuple[int, int, socket.socket]]]:
    """A server of another checkout, whose worker only waits: (its number, the worker's, the worker's end of the control)."""
    ends: list[subprocess.Popen[bytes]] = []

    def start(idle: float) -> tuple[int, int, socket.socket]:
        address = directory(tmp_path) / "socket"
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker = subprocess.Popen(["sleep", "300"])
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
            ours,
            (tmp_path / "log").open("wb") as log,
        ):
            listener.bind(str(address))
            listener.listen()
            descriptors = (listener.fileno(), ours.fileno(), log.fileno())
            charge = ServerSettings(str(tmp_path), str(address), "print", idle, worker.pid, *descriptors)
            command = [sys.executable, "-I", "-m", "mechgrade.grading.warm.server", charge.as_argument()]
            server = subprocess.Popen(command, pass_fds=descriptors)
        ends.extend([worker, server])
        return server.pid, worker.pid, theirs

    yield start
    for process in ends:
        process.kill()
        process.wait()


def test_it_ends_when_nobody_asks_any_more_and_not_before(stand_in, tmp_path):
    server, worker, control = stand_in(1.0)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(str(directory(tmp_path) / "socket"))
    client.send(json.dumps({"ask": "lend", "fingerprint": "print"}).encode())
    answer, descriptors, _, _ = socket.recv_fds(client, 4096, 2)
    assert json.loads(answer)["worker"] == worker
    assert len(descriptors) == 2
    for descriptor in descriptors:
        os.close(descriptor)
    time.sleep(1.5)
    assert is_alive(server), "it is in use, however long nobody has asked"
    client.close()
    assert until(lambda: not is_alive(server))
    assert until(lambda: not is_alive(worker)), "a worker that does not end by itself is ended"
    assert not (directory(tmp_path) / "socket").exists()
    control.close()


def test_it_ends_with_its_worker(stand_in, tmp_path):
    server, _, control = stand_in(600.0)
    assert until(lambda: ask(tmp_path, {"ask": "status"}))
    control.close()
    assert until(lambda: not is_alive(server))
    assert not (directory(tmp_path) / "socket").exists()


def test_two_checkouts_and_two_users_have_nothing_in_common(private, course, tmp_path):
    here, there = directory(course.root), directory(tmp_path)
    assert here != there
    assert here.parent.name == f"mechgrade-{os.geteuid()}"
    for folder in (here, here.parent, there):
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("trap", ["open", "link"])
def test_a_directory_that_others_can_enter_is_not_used(trap, course, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    place = tmp_path / f"mechgrade-{os.geteuid()}"
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
    else:
        (tmp_path / "mine").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "mine")
    with pytest.raises(NoPlaceError):
        directory(course.root)
    assert ask(course.root, {"ask": "status"}) is None


def test_another_user_gets_no_answer(server, course):
    """The directory keeps them out; should that fail, the kernel's word on who they are does."""
    if os.geteuid() != 0:
        pytest.skip("only root can try as somebody else")
    address = directory(course.root) / "socket"

    def answered(user: int) -> bool:
        child = os.fork()
        if child == 0:
            try:
                os.setgid(user)
                os.setuid(user)
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
                    caller.connect(str(address))
                    caller.send(b'{"ask": "status"}')
                    os._exit(len(caller.recv(4096)) > 0)
            except ConnectionError:
                os._exit(0)
            finally:
                os._exit(2)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 1), "it could not even ask"
        return code == 1

    places = [address, address.parent, address.parent.parent]
    before = [place.stat().st_mode for place in places]
    try:
        for place in places:
            place.chmod(0o777)
        asked = [answered(user) for user in (65534, 0)]
    finally:
        for place, mode in zip(places, before, strict=True):
            place.chmod(mode & 0o777)
    assert asked == [False, True]


def test_nonsense_on_its_socket_does_not_disturb_it(server, course):
    address = str(directory(course.root) / "socket")
    for words in (b"", b"\xff", b"[]", b"{}", b'{"ask": "lend"}', b"1" * 4000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
            caller.connect(address)
            if words:
                caller.send(words)
    assert ask(course.root, {"ask": "status"})["server"] == server["server"]


def test_a_worker_that_cannot_start_says_so_as_ever(private, ready_workers):
    course = load_course(ROOT)  # it has a model, which may be missing
    worker = WarmWorker(course, level=LEVEL)
    with pytest.raises(InfrastructureError, match=r"config\.json is missing"):
        worker.open(bench_spec(course).on(model="/nowhere"), Job("", "x.py", "/nowhere.py", "process", course.limits))
    worker.close()


def test_the_command_uses_it_unless_told_not_to(server, course):
    """From the outside: the same score with and without; without, the server is not even asked."""
    command = [str(Path(sys.executable).with_name("mechgrade")), "grade", "solutions", "--exercise", "slope"]
    environment = {**os.environ, "MECHGRADE_SERVER": "1", "COLUMNS": "80"}
    done = subprocess.run(
        command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert "5 / 5" in done.stdout, done.stderr
    assert ask(course.root, {"ask": "status"})["worker"] == server["worker"], "it was lent this worker, and ended none"
    alone = subprocess.run(
        [*command, "--no-server"],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "5 / 5" in alone.stdout, alone.stderr
    assert ask(course.root, {"ask": "status"})["worker"] == server["worker"]


def test_what_is_out_of_date_is_not_lent_and_is_ended(server, course):
    """A changed engine, model or environment has another fingerprint."""
    worker = WarmWorker(course, level=LEVEL)
    worker._level = "another machine"
    worker.start()
    assert not worker.borrowed
    assert "changed" in (worker.note or "")
    assert until(lambda: not is_alive(server["server"]))
    assert until(lambda: not is_alive(server["worker"]))
    worker.close()
