"""A Hub for each test, and a machine that has downloaded nothing yet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import ROOT

from hub import standins
from hub.server import Hub

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with all stand-ins, without faults."""
    with Hub(standins.everything(), standins.RENAMED) as server:
        yield server


def environment(home: Path, url: str | None) -> dict[str, str]:
    """Where the libraries look: an empty cache, and the Hub at ``url``; without one, an address at which nobody listens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS"))}
    return {
        **kept,
        "HF_HOME": str(home),
        "HF_ENDPOINT": url or "http://127.0.0.1:9",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": "5",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }


@pytest.fixture
def mechgrade(hub: Hub, tmp_path: Path) -> Run:
    """``mechgrade("models", "list")``: the command on that machine; ``online=False`` cuts the cable."""

    def call(
        *arguments: str, online: bool = True, home: Path | None = None, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mechgrade.doors.cli", *arguments],
            cwd=cwd,
            env=environment(home or tmp_path / "hf", hub.url if online else None),
            capture_output=True,
            text=True,
            timeout=300,
        )

    return call


@pytest.fixture
def python(hub: Hub, tmp_path: Path) -> Run:
    """``python("print(1)")``: a program on that machine."""

    def call(program: str, *, online: bool = False, offline_mode: bool = True) -> subprocess.CompletedProcess[str]:
        env = environment(tmp_path / "hf", hub.url if online else None)
        if offline_mode:
            env["HF_HUB_OFFLINE"] = "1"
        return subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
        )

    return call
