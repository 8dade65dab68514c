"""Devices: the words for them, the settings that hold on each, running out of memory; and on a GPU, where there is one, the numbers themselves.

Tests marked `gpu` need one, and are reported as skipped where there is none: `make test` says how many were not run.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import ROOT, grade_folder, later

from mechgrade.bench import BenchError
from mechgrade.bench.specs import bench_spec
from mechgrade.course import CourseError, devices, load_course

torch = later("torch")
determinism = later("mechgrade.bench.torch.determinism")
lens_bench = later("mechgrade.bench.transformer_lens.bench")

COURSE = load_course(ROOT)
needs_gpu = pytest.mark.skipif("not torch.cuda.is_available()", reason="not run: torch sees no GPU here")


@pytest.mark.parametrize("wanted", ["cpu", "cuda", "cuda:1", "mps"])
def test_a_device_of_torchs_is_taken_as_it_is(wanted):
    assert devices.resolve(wanted) == wanted
    assert bench_spec(COURSE, device=wanted).device == wanted


@pytest.mark.parametrize("wanted", ["gpu", "cuda:", "cuda:x", "cudnn", "", "cpu0"])
def test_another_word_is_a_users_mistake(wanted):
    with pytest.raises(CourseError, match="there are auto, cpu, cuda, cuda:N and mps"):
        bench_spec(COURSE, device=wanted)


@pytest.mark.parametrize(
    ("driver", "version", "expected"),
    [(True, "2.13.0", "cuda"), (True, "2.13.0+cpu", "cpu"), (False, "2.13.0", "cpu")],
)
def test_auto_takes_a_gpu_where_driver_and_torch_are_there(monkeypatch, tmp_path, driver, version, expected):
    path = tmp_path / "version"
    if driver:
        path.write_text("NVRM version: …\n")
    monkeypatch.setattr(devices, "DRIVER", path)
    monkeypatch.setattr(devices, "version", lambda _name: version)
    assert devices.resolve("auto") == expected


def test_device_files_are_asked_for_by_cuda_alone():
    assert devices.nodes("cpu") == devices.nodes("mps") == ()


def test_float32_is_whole_float32():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    determinism.settle("cpu")
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.are_deterministic_algorithms_enabled()  # a CPU gives the same without them, and faster


def test_carrying_a_model_over_prints_nothing(capsys):
    """It happens in a learner's process: what is printed there is told as the output of the learner's code."""
    bench = lens_bench.Bench(bench_spec(COURSE))
    assert bench.model is not None
    bench.move("cpu")
    assert capsys.readouterr().out == ""


@pytest.mark.skipif("torch.cuda.is_available()", reason="there is a GPU here")
def test_a_device_that_is_not_there_is_told_in_a_sentence():
    with pytest.raises(BenchError, match=r"the device cuda cannot be used here .*: take --device cpu"):
        bench = lens_bench.Bench(bench_spec(COURSE))
        assert bench.model is not None
        try:
            bench.move("cuda")
        finally:
            torch.use_deterministic_algorithms(False)


@pytest.mark.skipif("torch.cuda.is_available()", reason="there is a GPU here")
def test_grading_on_a_device_that_is_not_there_is_the_machines_fault(worker):
    """The worker loads on the processor, and a fork fails to carry the model over: no point is lost to that."""
    exercise = COURSE.exercise("find_heads")
    result = grade_folder(COURSE, worker, ROOT / "solutions", [exercise], device="cuda")
    assert result.exercises[0].verdict == "infrastructure_error"
    assert "the device cuda cannot be used here" in result.exercises[0].message
    after = grade_folder(COURSE, worker, ROOT / "solutions", [exercise])
    assert after.exercises[0].verdict == "passed"


def test_out_of_memory_on_a_gpu_has_the_verdict_of_its_own(grade_text):
    """Torch raises the same class wherever a device is full, so the way of the verdict can be walked without one."""
    source = 'import torch\n\ndef find_heads(scores, threshold):\n    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")\n'
    entry = grade_text("find_heads", source)
    assert entry.verdict == "out_of_memory"
    assert "CUDA out of memory" in entry.message


@pytest.mark.gpu
@needs_gpu
@pytest.mark.skipif(sys.platform != "linux", reason="not run: CUDA in the sandbox is Linux's")
@pytest.mark.parametrize("backend", ["bridge", "hooked"])
@pytest.mark.parametrize("isolation", ["process", "full"])
def test_recorded_cpu_fixtures_hold_on_a_gpu_inside_the_sandbox(worker, backend, isolation):
    exercises = COURSE.exercises()
    result = grade_folder(
        COURSE, worker, ROOT / "solutions", exercises, device="cuda", backend=backend, isolation=isolation
    )
    assert {entry.exercise: entry.message for entry in result.exercises if entry.verdict != "passed"} == {}


@pytest.mark.gpu
@needs_gpu
def test_a_leak_of_gpu_memory_ends_with_its_process(worker, grade_text):
    leak = "import torch\n\ndef find_heads(scores, threshold):\n    held = []\n    while True:\n        held.append(torch.empty(1 << 28, device='cuda'))\n"
    assert grade_text("find_heads", leak, device="cuda").verdict == "out_of_memory"
    after = grade_folder(COURSE, worker, ROOT / "solutions", [COURSE.exercise("find_heads")], device="cuda")
    assert after.exercises[0].verdict == "passed"


@pytest.mark.parametrize(
    ("device", "has_torch", "has_driver", "why"),
    [
        ("cuda", False, True, "torch is installed without CUDA"),
        ("cuda:1", True, False, "this machine shows no GPU"),
        ("mps", True, True, "an Apple computer"),
        ("cuda", True, True, ""),
        ("cpu", False, False, ""),
        ("auto", False, False, ""),
    ],
)
def test_a_device_that_this_machine_certainly_lacks_is_refused(
    device, has_torch, has_driver, why, monkeypatch, tmp_path
):
    driver = tmp_path / "version"
    if has_driver:
        driver.write_text("")
    monkeypatch.setattr(devices, "DRIVER", driver)
    monkeypatch.setattr(devices, "_GPU", (tmp_path / "nowhere",))
    monkeypatch.setattr(devices, "_torch_has_cuda", lambda: has_torch)
    monkeypatch.setattr(devices.sys, "platform", "linux")
    if not why:
        devices.see_here(device)
        return
    with pytest.raises(CourseError, match=why) as told:
        devices.see_here(device)
    assert f"the device {device} cannot be used here" in str(told.value) and "--device cpu" in str(told.value)


@pytest.mark.skipif("torch.cuda.is_available()", reason="there is a GPU here")
@pytest.mark.parametrize("door", ["grade", "debug", "try"])
def test_every_door_refuses_it_before_anything_else(door):
    done = subprocess.run(
        [sys.executable, "-m", "mechgrade.doors.cli", door, "attention_from_qk", "--device", "cuda"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "the device cuda cannot be used here" in done.stderr and "Traceback" not in done.stderr
