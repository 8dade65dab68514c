"""Torch, the device and the bench, really tried: ``python -m mechgrade.doors.doctor.probe``, one JSON object on the last line.

A process of its own, because a broken driver hangs or aborts, and because the doctor itself must answer without torch.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mechgrade.bench.finding import Doctor
from mechgrade.bench.provider import BenchError
from mechgrade.bench.providers import provider_for
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, CourseError, Lab, ModelProfile, find_course, load_course

Report = dict[str, Any]


def _torch(report: Report) -> None:
    import torch

    report["torch"] = str(torch.__version__)
    report["cuda_build"] = getattr(torch.version, "cuda", None)
    report["cuda"] = bool(torch.cuda.is_available())
    mps = getattr(torch.backends, "mps", None)
    report["mps"] = bool(mps is not None and mps.is_available())


def _device(report: Report) -> None:
    import torch

    if not report.get("cuda"):
        return
    report["name"] = torch.cuda.get_device_name(0)
    # Really compute: a driver that is too old is "available" and fails at the first kernel.
    ones = torch.ones(64, 64, device="cuda")
    report["computed"] = float((ones @ ones).sum().item()) == 64.0**3
    report["free"], report["total"] = (int(each) for each in torch.cuda.mem_get_info(0))


def _bench(report: Report, course: Course, model: ModelProfile, device: str, lab: Lab | None) -> None:
    provider = provider_for(course, lab)
    start = time.perf_counter()
    bench = provider.make(bench_spec(course, model.name, device=device, lab=lab))
    bench.load()
    report["load_seconds"] = time.perf_counter() - start
    if provider.doctor:
        asked = {name: text for name, text in course.doctor.items() if model.trained or name != "answer"}
        doctor: Doctor = importlib.import_module(provider.doctor)
        found = doctor.try_out(bench, model.name, lab.uses if lab is not None else [], asked)
        report["findings"] = [asdict(each) for each in found]


def run(course: Course, model: ModelProfile, device: str, lab: Lab | None) -> Report:
    """Try everything in turn; the first thing that fails is named, and the rest is not tried."""
    report: Report = {}
    steps: list[tuple[str, Callable[[], None]]] = []
    if "torch" in provider_for(course, lab).packages:
        steps += [("torch", lambda: _torch(report)), ("device", lambda: _device(report))]
    steps.append(("bench", lambda: _bench(report, course, model, _chosen(report, device), lab)))
    for name, step in steps:
        try:
            step()
        except Exception as error:
            report["failed"] = name
            told = isinstance(error, BenchError | CourseError)  # in a sentence already
            report["error"] = str(error) if told else f"{type(error).__name__}: {error}"
            report["told"] = told
            break
    report["device"] = _chosen(report, device)
    return report


def _chosen(report: Report, device: str) -> str:
    kind = device.partition(":")[0]
    if kind in ("cuda", "mps") and not report.get(kind):
        return "cpu"  # the doctor says that there is none; the rest can be tried all the same
    if device != "auto":
        return device
    return "cuda" if report.get("cuda") and report.get("computed") else "cpu"


def main() -> None:
    """Print the report of ``MODEL DEVICE LAB``, whatever the libraries print besides."""
    model, device, lab = sys.argv[1:4]
    os.environ.setdefault("TQDM_DISABLE", "1")
    with contextlib.redirect_stdout(sys.stderr):
        course = load_course(find_course())
        report = run(course, course.model(model), device, course.lab(lab) if lab else None)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
