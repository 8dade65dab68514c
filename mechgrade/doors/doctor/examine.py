"""The whole examination, in the order in which a learner meets trouble: Python, packages, disk, device, memory, model,
isolation, workspace; then, for one lab, what comes before it and what its files do.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.bench.finding import Doctor, Finding, Situation
from mechgrade.bench.provider import Provider
from mechgrade.bench.providers import provider_for
from mechgrade.course import Course, CourseError, Lab, ModelProfile
from mechgrade.course.devices import MPS_WARNING
from mechgrade.doors.doctor import habits, machine
from mechgrade.doors.doctor.machine import GIB, gigabytes
from mechgrade.doors.doctor.packages import examine_packages
from mechgrade.progress.progress import State
from mechgrade.protocol.job import HUB

#: Bytes that must be free on the disk for plots, checkpoints and temporary files.
DISK = 1 * GIB
#: Seconds for torch and the bench together.
PATIENCE = 300


@dataclass(frozen=True)
class Asked:
    """What is examined: a lab or all, which model, on which device."""

    lab: Lab | None
    model: ModelProfile
    device: str = "auto"


def examine(course: Course, asked: Asked, state: State) -> Iterator[Finding]:
    """The findings, each as soon as it is known."""
    try:
        provider = provider_for(course, asked.lab)
    except CourseError as error:
        yield Finding("bench", "problem", str(error), "correct `bench` in course.yaml")
        return
    doctor: Doctor | None = importlib.import_module(provider.doctor) if provider.doctor else None
    yield from _python()
    yield from examine_packages(course.root, provider.packages, doctor)
    yield from _disk(course.root)
    report = probe(course, asked)
    if "torch" in provider.packages:
        yield from _device(asked, provider, report)
    memory = _free(report)
    yield from _memory(course, asked, report, *memory)
    if doctor is not None:
        exercises = course.exercises(asked.lab.name if asked.lab is not None else None)
        files = [course.stub_path(each) for each in exercises]
        uses = asked.lab.uses if asked.lab is not None else []
        yield from doctor.examine(Situation(course, asked.model, files, *memory, uses))
    yield from _bench(course, asked, provider, report)
    yield from _isolation(course)
    yield from _workspace(course)
    if asked.lab is not None:
        yield from _before(course, asked.lab, state)
    yield from _habits(course, asked, report)


def _python() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.prefix == sys.base_prefix:
        yield Finding(
            "Python", "note", f"Python {found}, not in a virtual environment", "make setup keeps the course's own .venv"
        )
    else:
        yield Finding("Python", "good", f"Python {found} in {sys.prefix}; {machine.system()}")


def _disk(root: Path) -> Iterator[Finding]:
    free = machine.free_disk(root)
    if free < DISK:
        yield Finding(
            "disk",
            "problem",
            f"{gigabytes(free)} free; plots and checkpoints need {gigabytes(DISK)}",
            "delete something",
        )
    else:
        yield Finding("disk", "good", f"{gigabytes(free)} free")


# --- what is tried -------------------------------------------------------------------------------------------------------


def probe(course: Course, asked: Asked) -> dict[str, Any]:
    """Run :mod:`mechgrade.doors.doctor.probe` in a process of its own, and read its report."""
    lab = asked.lab.name if asked.lab is not None else ""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mechgrade.doors.doctor.probe", asked.model.name, asked.device, lab],
            cwd=course.root,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {"failed": "start", "error": f"nothing after {PATIENCE} s: a driver that hangs, or a very slow disk"}
    lines = done.stdout.strip().splitlines()
    try:
        report = json.loads(lines[-1])
        assert isinstance(report, dict)
        return report
    except (IndexError, ValueError, AssertionError):
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"failed": "start", "error": f"the process ended with code {done.returncode}: {last}"}


def _device(asked: Asked, provider: Provider, report: dict[str, Any]) -> Iterator[Finding]:
    cards = machine.cards()
    if report.get("failed") in ("start", "torch"):
        mistake = _wrong_version(report["error"], provider)
        yield Finding(
            "torch", "problem", report["error"], "make setup installs the versions that fit together", mistake
        )
        return
    build = report.get("cuda_build") or "no CUDA"
    if report.get("cuda") and report.get("computed"):
        name = f"{report['name']}: {gigabytes(report['free'])} of {gigabytes(report['total'])} free, computes"
        if report.get("device") == "cuda":
            yield Finding("device", "good", name)
        else:
            yield Finding(
                "device",
                "warning",
                f"{name}, but {asked.device} was asked for",
                "leave out --device, or DEVICE=cpu in your environment",
                "cpu_instead_of_gpu",
            )
        if os.environ.get("DEVICE", "auto") == "cpu":
            yield Finding(
                "device", "warning", "DEVICE=cpu is in your environment", "unset DEVICE", "cpu_instead_of_gpu"
            )
    elif report.get("failed") == "device":
        yield Finding(
            "device",
            "problem",
            f"torch {report['torch']} ({build}) sees a GPU, but computing on it fails: {report['error']}",
            "update the NVIDIA driver to one that knows this CUDA version, or --device cpu for the time being",
            "cpu_instead_of_gpu",
        )
    elif (kind := asked.device.partition(":")[0]) in ("cuda", "mps") and not cards and not report.get(kind):
        yield Finding(
            "device",
            "problem",
            f"the device {asked.device} is not here: torch {report['torch']} sees none; what follows was tried on the CPU",
            "leave --device out, or take --device cpu",
        )
    elif cards:
        why = (
            f"torch {report['torch']} was built without CUDA: reinstall it from the index for your CUDA version"
            if not report.get("cuda_build")
            else f"torch {report['torch']} ({build}) does not see it: the driver may be too old for it, "
            "or the container was started without --gpus all, or CUDA_VISIBLE_DEVICES hides it"
        )
        yield Finding(
            "device",
            "warning",
            f"{cards[0].name} is there, and everything would run on the CPU",
            why,
            "cpu_instead_of_gpu",
        )
    elif report.get("mps"):
        used = "used" if report.get("device") == "mps" else "not used"
        yield Finding(
            "device",
            "warning" if used == "used" else "note",
            f"torch {report['torch']}; Apple's GPU is {used}",
            MPS_WARNING,
        )
    else:
        yield Finding("device", "good", f"torch {report['torch']} on the CPU; this machine shows no GPU")


def _free(report: dict[str, Any]) -> tuple[int | None, str]:
    """The free memory that counts, and which that is."""
    if report.get("device") == "cuda" and "free" in report:
        return report["free"], "on the GPU"
    return machine.available_memory(), "of main memory"


def _memory(course: Course, asked: Asked, report: dict[str, Any], free: int | None, where: str) -> Iterator[Finding]:
    on_gpu = where == "on the GPU"
    if free is None:
        yield Finding("memory", "note", "the system does not say how much memory is free")
        return
    labs = [asked.lab] if asked.lab is not None else list(course.labs.values())
    # The labs' own numbers are for large models on a GPU; a model of the course needs what a learner's process may use.
    need = int(max(lab.gpu_memory_gb or 0 for lab in labs) * 1e9)
    if need == 0 or (asked.model.path is not None and not on_gpu):
        need = course.limits.memory_mb * 2**20
    if free >= need:
        yield Finding("memory", "good", f"{gigabytes(free)} {where} free, {gigabytes(need)} needed")
    else:
        yield from _too_little(free, need, where, on_gpu, report)


def _too_little(free: int, need: int, where: str, on_gpu: bool, report: dict[str, Any]) -> Iterator[Finding]:
    text = f"{gigabytes(free)} {where} free, {gigabytes(need)} needed"
    if not on_gpu:
        yield Finding(
            "memory",
            "warning",
            text,
            "close what else runs (other notebooks above all), or grade one lab at a time",
            "memory_not_cleared",
        )
        return
    if report["total"] < need:
        yield Finding(
            "memory", "warning", text, "this GPU is too small for the lab: take a smaller model or --device cpu"
        )
        return
    held = "; ".join(f"process {h.pid} ({h.name}) holds {gigabytes(h.used)}" for h in machine.holders())
    yield Finding(
        "memory",
        "problem",
        f"{text}, though the GPU has {gigabytes(report['total'])}: {held or 'another process holds the rest'}",
        "restart the notebook's kernel or end that process; inside one: del model, cache; gc.collect(); "
        "torch.cuda.empty_cache()",
        "memory_not_cleared",
    )


def _bench(course: Course, asked: Asked, provider: Provider, report: dict[str, Any]) -> Iterator[Finding]:
    """What came of loading and trying it."""
    name = f"model {asked.model.name}" if asked.model.source else "bench"
    if report.get("failed") in ("start", "torch", "device"):
        return
    if report.get("failed") == "bench":
        fix = f"look at the files in {asked.model.path}, or choose another --model"
        if not asked.model.source:
            fix = "install the bench's packages"
        elif asked.model.name == course.default_model:
            fix = f"restore {asked.model.path} from the course"
        elif asked.model.source.startswith(HUB):
            fix = f"mechgrade models pull {asked.model.name}, online"
        yield Finding(name, "problem", report["error"], fix, _wrong_version(report["error"], provider))
        return
    loaded = f"loaded in {report['load_seconds']:.1f} s"
    for place, found in enumerate(report.get("findings", [])):
        yield Finding(**{**found, "text": f"{found['text']}; {loaded}"} if place == 0 else found)
    if "findings" not in report:
        yield Finding(name, "good", loaded)


def _wrong_version(error: str, provider: Provider) -> str:
    """The mistake behind an error that names one of the bench's libraries, other than torch itself."""
    names = [name.replace("-", "_") for name in provider.packages if name not in ("torch", "numpy")]
    return "wrong_version" if any(name in error.replace("-", "_") for name in names) else ""


# --- the checkout --------------------------------------------------------------------------------------------------------


def _isolation(course: Course) -> Iterator[Finding]:
    from mechgrade.sandbox import probe as probe_sandbox

    offered = probe_sandbox()
    if offered.level == "full":
        remark = f" ({' '.join(offered.missing)})" if offered.missing else ""
        yield Finding("isolation", "good", f"full{remark}")
        return
    needed = course.isolation == "full"
    yield Finding(
        "isolation",
        "problem" if needed else "note",
        f"{offered.level}: enough for your own code"
        if not needed
        else f"{offered.level}, and the course asks for full",
        "for full: " + " ".join(offered.missing),
    )


def _workspace(course: Course) -> Iterator[Finding]:
    missing = [name for name in course.workspace if not (course.root / name).is_dir()]
    if missing:
        yield Finding("workspace", "note", f"no {', '.join(missing)} yet", "make setup-lab makes them")
    elif course.workspace:
        yield Finding("workspace", "good", ", ".join(course.workspace))


def prepare_workspace(course: Course) -> list[Path]:
    """Make the folders that the course names; which of them are new.

    Raises:
        OSError: one cannot be made.
    """
    new = [course.root / name for name in course.workspace if not (course.root / name).is_dir()]
    for path in new:
        path.mkdir(parents=True)
    return new


def _before(course: Course, lab: Lab, state: State) -> Iterator[Finding]:
    """The labs that come first: the course's order is the prerequisites' order."""
    names = list(course.labs)
    for name in names[: names.index(lab.name)]:
        exercises = course.exercises(name)
        passed = sum(state.passed(each) for each in exercises)
        if passed == len(exercises):
            yield Finding(f"{name} before", "good", "all passed")
        else:
            yield Finding(
                f"{name} before",
                "note",
                f"{passed} of {len(exercises)} exercises of {name} are passed; {lab.name} builds on its ideas",
                f"mechgrade map --lab {name}",
            )


def _habits(course: Course, asked: Asked, report: dict[str, Any]) -> Iterator[Finding]:
    exercises = course.exercises(asked.lab.name if asked.lab is not None else None)
    paths = [course.stub_path(each) for each in exercises]
    loose = [habit for path in paths for habit in habits.unseeded(path)]
    if loose:
        yield Finding(
            "seeds",
            "warning",
            f"random numbers that differ at every run: {_places(course.root, loose)}",
            "torch.manual_seed(42) at the top, or generator=torch.Generator().manual_seed(42) in the call; "
            "of NumPy, np.random.default_rng(42)",
            "no_seed",
        )
    else:
        yield Finding("seeds", "good", f"no random number without a seed in {len(paths)} files")


def _places(root: Path, found: list[habits.Habit]) -> str:
    shown = [f"{each.path.relative_to(root)}:{each.line} {each.call}" for each in found[:5]]
    return ", ".join(shown) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
