"""The whole examination, in the order in which a learner meets trouble: Python, packages, disk, device, memory, model,
isolation, workspace; then, for one lab, what comes before it and what its files do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Lab, ModelProfile
from mechgrade.course.devices import MPS_WARNING
from mechgrade.doors.doctor import habits, machine
from mechgrade.doors.doctor.finding import Finding
from mechgrade.doors.doctor.machine import GIB, gigabytes
from mechgrade.doors.doctor.packages import examine_packages
from mechgrade.doors.doctor.sizes import shape_of
from mechgrade.progress.progress import State

#: Bytes that must be free on the disk for plots, checkpoints and temporary files.
DISK = 1 * GIB
#: The batch whose full cache is held against the memory: ten prompts of fifty tokens.
BATCH, POS = 10, 50
#: Seconds for torch, the model and the SAE together.
PATIENCE = 300


@dataclass(frozen=True)
class Asked:
    """What is examined: a lab or all, which model, on which device."""

    lab: Lab | None
    model: ModelProfile
    device: str = "auto"


def examine(course: Course, asked: Asked, state: State) -> Iterator[Finding]:
    """The findings, each as soon as it is known."""
    yield from _python()
    yield from examine_packages(course.root)
    yield from _disk(course.root)
    report = probe(course, asked)
    yield from _device(asked, report)
    yield from _memory(course, asked, report)
    yield from _model(course, asked, report)
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
    needs_sae = "sae" if asked.lab is not None and asked.lab.sae else ""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mechgrade.doors.doctor.probe", asked.model.name, asked.device, needs_sae],
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


def _device(asked: Asked, report: dict[str, Any]) -> Iterator[Finding]:
    cards = machine.cards()
    if report.get("failed") in ("start", "torch"):
        mistake = "wrong_transformer_lens" if "transformer" in report["error"].lower() else ""
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


def _memory(course: Course, asked: Asked, report: dict[str, Any]) -> Iterator[Finding]:
    shape = shape_of(asked.model, course.root)
    on_gpu = report.get("device") == "cuda" and "free" in report
    free = report["free"] if on_gpu else machine.available_memory()
    where = "on the GPU" if on_gpu else "of main memory"
    if free is None:
        yield Finding("memory", "note", "the system does not say how much memory is free")
        return
    labs = [asked.lab] if asked.lab is not None else list(course.labs.values())
    # The labs' own numbers are for GPT-2 small on a GPU; the embedded model needs what a learner's process may use.
    need = int(max(lab.gpu_memory_gb for lab in labs) * 1e9)
    if asked.model.path is not None and not on_gpu:
        need = course.limits.memory_mb * 2**20
    if free >= need:
        yield Finding("memory", "good", f"{gigabytes(free)} {where} free, {gigabytes(need)} needed")
    else:
        yield from _too_little(free, need, where, on_gpu, report)
    if shape is None:
        return
    cache = shape.full_cache(BATCH, POS)
    if shape.weights() + cache > free * 0.8:
        yield Finding(
            "full cache",
            "warning",
            f"a full cache of {BATCH} prompts of {POS} tokens on {asked.model.name} takes {gigabytes(cache)} beside "
            f"{gigabytes(shape.weights())} of weights; {gigabytes(free)} {where} are free",
            "cache by name: run_with_cache(tokens, names_filter=lambda name: 'pattern' in name), or take a smaller model",
            "full_cache_on_a_large_model",
        )
    else:
        yield Finding(
            "full cache", "good", f"{BATCH} prompts of {POS} tokens on {asked.model.name} take {gigabytes(cache)}"
        )


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


def _model(course: Course, asked: Asked, report: dict[str, Any]) -> Iterator[Finding]:
    name = asked.model.name
    if report.get("failed") in ("start", "torch", "device"):
        return
    if report.get("failed") == "model":
        fix = (
            "restore fixtures/ from the course"
            if asked.model.path is not None
            else f"mechgrade models pull {name}, online"
        )
        mistake = "wrong_transformer_lens" if "transformer_lens" in report["error"] else ""
        yield Finding(f"model {name}", "problem", report["error"], fix, mistake)
        return
    said = f"{report['layers']} layers, {report['heads']} heads each, {report['cached']} activations in a full cache"
    prompt, answer = course.doctor.get("prompt"), course.doctor.get("answer")
    loaded = f"loaded in {report['load_seconds']:.1f} s"
    if prompt is None or answer is None:
        yield Finding(f"model {name}", "good", f"{said}; {loaded}")
    elif report["answer"] == answer:
        yield Finding(f"model {name}", "good", f"{said}; '{prompt}' gives '{answer}'; {loaded}")
    else:
        yield Finding(
            f"model {name}",
            "warning",
            f"{said}; '{prompt}' gives {report['answer']!r}, not '{answer}'",
            "an untrained or damaged model: restore fixtures/, or check --model",
        )
    if "sae_there" not in report:
        return
    if not report["sae_there"]:
        yield Finding(
            "SAE", "problem", f"{name} has no SAE in course.yaml, and this lab needs one", "choose another --model"
        )
    elif report["sae_fits"]:
        yield Finding("SAE", "good", f"{report['sae_width']} latents, of the model's width")
    else:
        yield Finding(
            "SAE", "problem", "the SAE is not of this model's width", "correct `sae` of the model in course.yaml"
        )


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
            "torch.manual_seed(42) at the top, or generator=torch.Generator().manual_seed(42) in the call",
            "no_seed",
        )
    else:
        yield Finding("seeds", "good", f"no random number without a seed in {len(paths)} files")
    shape = shape_of(asked.model, course.root)
    whole = [habit for path in paths for habit in habits.whole_caches(path)]
    free = report["free"] if "free" in report else machine.available_memory()
    if whole and shape is not None and free is not None and shape.weights() + shape.full_cache(BATCH, POS) > free * 0.8:
        yield Finding(
            "full cache in your files",
            "warning",
            f"every activation is kept: {_places(course.root, whole)}",
            "give names_filter, or move what you need to the CPU in a hook",
            "full_cache_on_a_large_model",
        )


def _places(root: Path, found: list[habits.Habit]) -> str:
    shown = [f"{each.path.relative_to(root)}:{each.line} {each.call}" for each in found[:5]]
    return ", ".join(shown) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
