"""What `--portable` tells on a CPU is true on a device that is not one. tests/benches/test_placement.py has the same programs without the device."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from devices.build import HERE
from devices.mixtures import REFUSED, TAKEN

pytestmark = pytest.mark.slow

#: Programs that are drawn at random.
MANY = 1000


@pytest.fixture(scope="module")
def asked(python: str) -> list[dict[str, Any]]:
    """What the device and the watch say of every program."""
    done = subprocess.run([python, str(HERE / "ask.py"), str(MANY)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_device_refuses_what_is_told(asked: list[dict[str, Any]]) -> None:
    assert [each["body"] for each in asked[: len(REFUSED)] if not each["refused"]] == []


def test_the_device_takes_the_rest(asked: list[dict[str, Any]]) -> None:
    rest = asked[len(REFUSED) : len(REFUSED) + len(TAKEN)]
    assert [(each["body"], each["error"]) for each in rest if each["error"]] == []


def test_of_random_programs_nothing_is_told_that_is_not_so(asked: list[dict[str, Any]]) -> None:
    drawn = asked[-MANY:]
    assert [each for each in drawn if each["told"] and not each["refused"]] == []
    # And the test could fail: many are told, many are not.
    told = sum(bool(each["told"]) for each in drawn)
    assert MANY / 10 < told < 9 * MANY / 10
    # Few mistakes go untold: something is not certain in them.
    assert sum(each["refused"] and not each["told"] for each in drawn) < MANY / 50
