"""Each common setup mistake is brought about, through the environment that a real one has, and must be found and explained."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mechgrade.bench.finding import MISTAKES, Situation
from mechgrade.bench.providers import provider_for
from mechgrade.bench.transformer_lens import doctor as lens_doctor
from mechgrade.bench.transformer_lens.doctor import whole_caches
from mechgrade.course import ModelProfile
from mechgrade.doors.doctor import examine as examination
from mechgrade.doors.doctor.examine import Asked, examine, prepare_workspace
from mechgrade.doors.doctor.habits import unseeded
from mechgrade.doors.doctor.packages import examine_packages
from mechgrade.progress.progress import State
from mechgrade.sandbox.probe import Capabilities

pytestmark = pytest.mark.long

STAND_INS = Path(__file__).with_name("stand_ins")
GB = 10**9


@pytest.fixture
def consult(desk, at_desk, tmp_path):
    """``consult(torch={...}, smi="...")`` → exit code, findings. A stand-in torch answers unless ``torch`` is None."""

    def call(
        *arguments: str, torch: dict[str, Any] | None, smi: str = "", apps: str = "", path: str = "", **environment: str
    ) -> tuple[int, list[dict[str, str]]]:
        bin_ = tmp_path / "bin"
        bin_.mkdir(exist_ok=True)
        if smi:
            script = bin_ / "nvidia-smi"
            script.write_text(f'#!/bin/sh\ncase "$1" in --query-gpu*) echo "{smi}";; *) printf "{apps}";; esac\n')
            script.chmod(0o755)
        search = [path] if path else []
        if torch is not None:
            search.append(str(STAND_INS))
            environment["FAKE_TORCH"] = json.dumps(torch)
        out = tmp_path / "findings.json"
        done = at_desk(
            *("doctor", *arguments, "--json", str(out)),
            PATH=f"{bin_}:/usr/bin:/bin",
            PYTHONPATH=":".join(search),
            **environment,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(out.read_text())

    return call


def only(findings: list[dict[str, str]], mistake: str) -> dict[str, str]:
    found = [each for each in findings if each["mistake"] == mistake]
    assert found and found[0]["fix"], findings
    return found[0]


def test_every_mistake_of_the_guide_has_a_test():
    text = Path(__file__).read_text()
    assert all(f'"{name}"' in text for name in MISTAKES)


@pytest.mark.parametrize(
    ("torch", "part"),
    [
        ({"version": "2.13.0+cpu", "build": None}, "was built without CUDA"),
        ({"cuda": False}, "--gpus all"),
    ],
)
def test_a_gpu_that_torch_does_not_use(consult, torch, part):
    _, findings = consult(torch=torch, smi="NVIDIA GH200 480GB, 97871, 97000")
    found = only(findings, "cpu_instead_of_gpu")
    assert found["status"] == "warning" and "GH200" in found["text"] and part in found["fix"]


def test_a_gpu_that_does_not_compute(consult):
    code, findings = consult(torch={"cuda": True, "broken": "CUDA error: no kernel image is available"})
    found = only(findings, "cpu_instead_of_gpu")
    assert (
        code == 1 and found["status"] == "problem" and "no kernel image" in found["text"] and "driver" in found["fix"]
    )


def test_the_cpu_asked_for_beside_a_gpu(consult):
    there = {"cuda": True, "free": 90 * GB, "total": 96 * GB}
    assert "but cpu was asked for" in only(consult("--device", "cpu", torch=there)[1], "cpu_instead_of_gpu")["text"]
    assert "DEVICE=cpu" in only(consult(torch=there, DEVICE="cpu")[1], "cpu_instead_of_gpu")["text"]
    _, findings = consult("lab1", torch=there)
    assert not [each for each in findings if each["mistake"]]
    (device,) = [each for each in findings if each["name"] == "device"]
    assert device["status"] == "good" and "90.0 GB of 96.0 GB free, computes" in device["text"]


def test_gpu_memory_that_another_process_holds(consult):
    code, findings = consult(
        "lab4",
        torch={"cuda": True, "free": 3 * GB, "total": 80 * GB},
        smi="NVIDIA H100, 81559, 2861",
        apps="4242, /opt/venv/bin/python, 73432\\n",
    )
    found = only(findings, "memory_not_cleared")
    assert code == 1 and "3.0 GB on the GPU free, 8.0 GB needed" in found["text"]
    assert "process 4242 (python) holds 77.0 GB" in found["text"] and "empty_cache" in found["fix"]


def test_a_gpu_that_is_too_small_is_no_memory_left_behind(consult):
    _, findings = consult("lab4", torch={"cuda": True, "free": 5 * GB, "total": 6 * GB})
    (found,) = [each for each in findings if each["name"] == "memory"]
    assert found["status"] == "warning" and not found["mistake"] and "too small" in found["fix"]


def test_a_full_cache_of_a_large_model(desk, consult):
    path = desk.root / "course.yaml"
    path.write_text(path.read_text().replace("models:\n", "models:\n  the-xl: {hub: gpt2-xl}\n"))
    stub = desk.stub_path(desk.exercise("attention_from_qk"))
    stub.write_text("def attention_from_qk(model, tokens):\n    return model.run_with_cache(tokens)\n")
    _, findings = consult("lab1", "--model", "the-xl", torch={"cuda": True, "free": 7 * GB, "total": 8 * GB})
    found = only(findings, "too_much_kept")
    assert "10 prompts of 50 tokens on the-xl" in found["text"] and "names_filter" in found["fix"]
    (mine,) = [each for each in findings if each["name"] == "full cache in your files"]
    assert "exercises/lab1/attention_from_qk.py:2 model.run_with_cache()" in mine["text"]
    _, findings = consult("lab1", torch={"cuda": True, "free": 7 * GB, "total": 8 * GB})
    assert not [each for each in findings if each["mistake"]]  # the embedded model's fits


def test_apples_gpu_comes_with_its_warning(consult):
    for arguments, status in [((), "note"), (("--device", "mps"), "warning")]:
        _, findings = consult(*arguments, torch={"mps": True})
        (found,) = [each for each in findings if each["name"] == "device"]
        assert found["status"] == status and "wrong numbers" in found["fix"]


def test_random_numbers_without_a_seed(desk, consult):
    desk.stub_path(desk.exercise("find_heads")).write_text("import torch\n\nnoise = torch.randn(3)\n")
    _, findings = consult("lab3", torch={})
    found = only(findings, "no_seed")
    assert "exercises/lab3/find_heads.py:3 torch.randn()" in found["text"] and "torch.manual_seed(42)" in found["fix"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import torch\na = torch.rand(2)\nb = torch.nn.init.normal_(a)\na.uniform_()\n", 3),
        ("import torch\ntorch.manual_seed(42)\na = torch.rand(2)\n", 0),
        ("import torch\na = torch.rand(2, generator=torch.Generator().manual_seed(0))\n", 0),
        ("import torch\na = torch.zeros(2)\nb = bench.normal(2, seed=0)\nrandom.rand(2)\n", 0),
        ("import numpy as np\na = np.random.rand(2)\nb = np.random.default_rng()\n", 2),
        ("import numpy as np\nnp.random.seed(1)\na = np.random.rand(2)\nb = np.random.default_rng(3)\n", 0),
        ("def broken(:\n", 0),
    ],
)
def test_which_random_numbers_are_meant(tmp_path, text, count):
    path = tmp_path / "mine.py"
    path.write_text(text)
    assert len(unseeded(path)) == count


def test_which_caches_are_whole(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("model.run_with_cache(t)\nmodel.run_with_cache(t, names_filter=f)\n")
    assert whole_caches(path) == ["1 model.run_with_cache()"]


@pytest.mark.parametrize(
    ("version", "part"), [("2.11.0", "no TransformerBridge"), ("4.0.1", "HookedTransformer is gone")]
)
def test_a_wrong_transformer_lens(consult, tmp_path, version, part):
    metadata = tmp_path / "site" / f"transformer_lens-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: transformer-lens\nVersion: {version}\n")
    code, findings = consult(torch={}, path=str(metadata.parent))
    found = only(findings, "wrong_version")
    assert code == 1 and f"transformer-lens {version} is installed" in found["text"] and part in found["text"]
    assert "pip install 'transformer-lens<4,>=3.9'" in found["fix"]


def test_a_package_that_is_missing_or_another_than_tested(monkeypatch, tmp_path):
    monkeypatch.setattr("mechgrade.doors.doctor.packages.requires", lambda name: ["no-such-package>=3", "numpy>=1"])
    (tmp_path / "constraints.txt").write_text("numpy==1.0.0\n")
    missing, moved = examine_packages(tmp_path, ["numpy"])
    assert missing.status == "problem" and "no-such-package is not installed" in missing.text
    assert moved.status == "note" and "(tested with 1.0.0)" in moved.text


def test_a_healthy_machine_with_the_real_model_and_sae(consult):
    """Torch itself, the model and the SAE: the one examination here that is slow."""
    code, findings = consult("lab4", torch=None)
    assert code == 0, findings
    by_name = {each["name"]: each for each in findings}
    model = by_name["model embedded"]
    assert model["status"] == "good" and "'The capital of France is' gives ' Paris'" in model["text"]
    assert by_name["SAE"]["status"] == "good"
    assert by_name["lab1 before"]["status"] == "note" and "0 of 9" in by_name["lab1 before"]["text"]


def test_a_broken_library_is_told_and_not_a_traceback(consult, tmp_path):
    broken = tmp_path / "broken" / "torch"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise OSError('libcudart.so.13: cannot open shared object file')\n")
    code, findings = consult(torch=None, path=str(broken.parent))
    (found,) = [each for each in findings if each["name"] == "torch"]
    assert code == 1 and "libcudart.so.13" in found["text"]
    (broken / "__init__.py").write_text("import os\nos.abort()\n")
    _, findings = consult(torch=None, path=str(broken.parent))
    (found,) = [each for each in findings if each["name"] == "torch"]
    assert "ended with code -6" in found["text"]


def in_process(desk, monkeypatch) -> dict[str, Any]:
    monkeypatch.setattr(
        examination, "probe", lambda course, asked: {"torch": "2.13.0", "failed": "bench", "error": "x"}
    )
    return {each.name: each for each in examine(desk, Asked(None, desk.model()), State())}


def test_a_full_disk(desk, monkeypatch):
    monkeypatch.setattr("mechgrade.doors.doctor.machine.free_disk", lambda path: 10**8)
    assert in_process(desk, monkeypatch)["disk"].status == "problem"


def test_isolation_says_how_to_get_full(desk, monkeypatch):
    why = ["Landlock is missing: it needs Linux 5.13 or newer."]
    offered = Capabilities(frozenset(), False, False, 0, True, True, False, why)
    monkeypatch.setattr("mechgrade.sandbox.probe", lambda: offered)
    found = in_process(desk, monkeypatch)["isolation"]
    assert found.status == "note" and "for full: Landlock is missing" in found.fix


def test_a_probe_that_hangs_is_ended(desk, monkeypatch):
    monkeypatch.setattr(examination, "PATIENCE", 0.2)
    slow = desk.root / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    assert "nothing after" in examination.probe(desk, Asked(None, desk.model()))["error"]


def test_the_workspace_is_made_once(desk, at_desk):
    done = at_desk("setup-lab")
    assert (
        done.returncode == 0 and "made outputs/attention_patterns" in done.stdout and "made checkpoints" in done.stdout
    )
    assert "all there" in at_desk("setup-lab").stdout
    assert prepare_workspace(desk) == []


def test_a_mistake_in_the_command(at_desk):
    assert "did you mean 'lab3'" in at_desk("doctor", "lab33").stderr
    assert at_desk("doctor", "--device", "gpu").returncode == 2


def _at(desk, **profile: Any) -> Situation:
    return Situation(desk, ModelProfile(name="mine", **profile), [], None, "", ["sae"])


def test_a_model_without_an_autoencoder_is_no_problem(desk):
    (found,) = lens_doctor.examine(_at(desk, path=desk.model().path))
    assert (found.name, found.status) == ("SAE", "note")
    assert "all others are graded" in found.text and "sae train --model mine" in found.fix


def test_a_missing_tokenizer_is_named(desk):
    (found, _) = lens_doctor.examine(_at(desk, path="mine/bare"))
    assert (found.name, found.status) == ("tokenizer", "warning")
    assert "mine/bare" in found.text and "save_pretrained" in found.fix


def test_files_of_ones_own_are_not_to_be_restored_from_the_course(desk):
    asked = Asked(None, ModelProfile(name="mine", path="mine/broken"))
    report = {"failed": "bench", "error": "mine/broken/config.json is damaged"}
    (found,) = examination._bench(desk, asked, provider_for(desk), report)
    assert found.status == "problem" and "mine/broken" in found.fix
    assert "fixtures" not in found.fix and "course" not in found.fix
    (found,) = examination._bench(desk, Asked(None, desk.model()), provider_for(desk), report)
    assert "from the course" in found.fix
