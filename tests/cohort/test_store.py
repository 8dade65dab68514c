"""The store: what was kept stays kept, whoever is killed and whatever is full."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mechgrade.cohort.store import FILE, Row, Store, StoreError
from mechgrade.grading.recordings import Run
from mechgrade.protocol.wire import Array


def test_the_first_verdict_stays(tmp_path: Path) -> None:
    """A submission that was graded twice counts once, with its first result and times."""
    with Store(tmp_path) as store:
        assert not store.known(["k"])
        store.put(Row("k", "first", 1.0, 0.5))
        store.put(Row("k", "second", 2.0, 0.5))
        assert store.known(["k", "other"]) == {"k"}
        assert store.body("k") == "first"
        assert store.times("k") == (1.0, 0.5)
        assert store.body("other") is None


def test_a_fault_is_no_verdict(tmp_path: Path) -> None:
    """It is shown, it does not count as graded, a verdict takes its place, and the next run forgets it."""
    with Store(tmp_path) as store:
        store.fault("k", "no memory")
        store.fault("l", "no memory")
        assert not store.known(["k"])
        assert store.body("k") == "no memory"
        store.put(Row("k", "passed", 1.0, 0.5))
        assert store.body("k") == "passed"
        store.begin()
        assert store.body("l") is None
        assert store.body("k") == "passed"


def test_the_roster_is_the_last_runs(tmp_path: Path) -> None:
    """Who has left the class is in no table of grades."""
    with Store(tmp_path) as store:
        store.enrol(("bob", ["1", "2"]))
        store.enrol(("ann", ["3", "2"]))
        assert list(store.roster()) == [("ann", ["3", "2"]), ("bob", ["1", "2"])]
        store.begin()
        store.enrol(("ann", ["3", "2"]))
        assert list(store.roster()) == [("ann", ["3", "2"])]


def test_a_run_begins_by_what_the_last_one_knew(tmp_path: Path) -> None:
    """Who had a verdict on everything. A fault is none."""
    with Store(tmp_path) as store:
        assert store.begin() == frozenset()
        store.put(Row("1", "passed", 1.0, 0.5), Row("2", "passed", 1.0, 0.5))
        store.fault("3", "no memory")
        store.enrol(("bob", ["1", "2"]), ("ann", ["1", "3"]), ("eve", ["4"]))
        assert store.begin() == {"bob"}


def test_live_runs_come_back_as_they_were(tmp_path: Path) -> None:
    """The reference's data is compared with, so it must not change on its way."""
    values = np.linspace(0, 1, 7, dtype=np.float32)
    run = Run({"a": Array(values, "float32"), "b": (1, None, "x")}, {"['a']": 1e-7})
    with Store(tmp_path) as store:
        store.keep_live("base", "reference", "call", run)
    with Store(tmp_path) as store:
        found = store.live("base")["reference", "call"]
        assert store.live("other") == {}
    assert isinstance(found.reference, dict)
    array = found.reference["a"]
    assert isinstance(array, Array)
    assert array.values.tobytes() == values.tobytes()
    assert found.reference["b"] == (1, None, "x")
    assert found.noise == run.noise


def test_one_writer(tmp_path: Path) -> None:
    """Two runs into one folder would mix; the second is told."""
    with Store(tmp_path), pytest.raises(StoreError, match="another run writes"):
        Store(tmp_path)
    Store(tmp_path).close()


def test_what_is_no_store(tmp_path: Path) -> None:
    """A file of another kind is neither overwritten nor believed."""
    (tmp_path / FILE).write_bytes(b"grades, typed by hand" * 100)
    with pytest.raises(StoreError, match="damaged or no store"):
        Store(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"grades, typed by hand")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "file" / "out")


WRITER = """
import sys
from pathlib import Path
from mechgrade.cohort.store import Row, Store
with Store(Path(sys.argv[1])) as store:
    number = int(sys.argv[2])
    while True:
        store.put(Row(str(number), "x" * 500, 1.0, 0.5))
        print(number, flush=True)
        number += 1
"""


def test_a_killed_writer_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL at any moment: every result that ``put`` returned for is there, whole, and the next writer goes on."""
    chance = random.Random(5)
    told = 0
    for _ in range(8):
        arguments = [sys.executable, "-c", WRITER, str(tmp_path), str(told)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
            lines = writer.stdout.read().splitlines()
        # The last line may be cut off in the middle of a number.
        told = max(told + 1, int(lines[-2]) + 1 if len(lines) > 1 else 0)
        with Store(tmp_path) as store:
            assert all(store.body(str(number)) == "x" * 500 for number in range(told))
    assert told > 8


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]).returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    """It is told in a sentence; what was kept is still there, and once there is room the same store goes on."""
    filler = small_disk / "filler"
    filler.write_bytes(bytes(512 * 1024))
    kept = 0
    with (
        Store(small_disk / "out") as store,
        pytest.raises(StoreError, match=r"is the disk full\? What was graded is kept"),
    ):
        for number in range(10_000):
            store.put(Row(str(number), os.urandom(500).hex(), 1.0, 0.5))
            kept = number + 1
    assert kept > 10
    filler.unlink()
    with Store(small_disk / "out") as store:
        assert all(store.known([str(number)]) for number in range(kept))
        store.put(Row("more", "x", 1.0, 0.5))
        assert store.known(["more"])
