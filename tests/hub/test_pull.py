"""`mechgrade models`: what is fetched, what is said, and what happens when the network, the Hub, the files or the disk fail.

Half a gigabyte over a student's connection breaks off; what a learner reads then decides whether the evening is lost.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hub import standins

pytestmark = pytest.mark.long

WEIGHTS = "model.safetensors"


def words(done) -> str:
    return " ".join((done.stdout + done.stderr).split())


def test_a_model_and_its_sae_are_fetched_checked_and_found_without_a_network(mechgrade, hub):
    before = mechgrade("models", "list", online=False)
    assert "gpt2-small gpt2 + jbloom/GPT2-Small-SAEs-Reformatted no: mechgrade models pull gpt2-small" in words(before)
    assert not hub.seen  # listing asks nobody
    done = mechgrade("models", "pull", "gpt2-small")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the model gpt2-small, from gpt2" in done.stdout
    assert "here and whole" in done.stdout
    assert hub.sent(f"{standins.GPT2}/{WEIGHTS}") == 1
    # The same weights in other formats, other folders and other autoencoders stay where they are.
    for unwanted in ("pytorch_model.bin", "tf_model.h5", "decoder_model.onnx", "blocks.9.hook_resid_pre/cfg.json"):
        assert hub.sent(unwanted) == 0
    after = mechgrade("models", "list", online=False)
    assert "gpt2-small gpt2 + jbloom/GPT2-Small-SAEs-Reformatted yes," in words(after)


def test_what_is_here_is_not_fetched_twice(mechgrade, hub):
    mechgrade("models", "pull", "gpt2-small")
    hub.seen.clear()
    done = mechgrade("models", "pull", "gpt2-small")
    assert "0 B of it new" in done.stdout
    assert hub.sent(WEIGHTS) == 0


@pytest.fixture
def large(hub):
    """A file of weights that arrives in several reads of huggingface_hub's ten MiB; no test looks into it."""
    hub.repos[standins.PYTHIA] = {**standins.pythia(), WEIGHTS: os.urandom(25 << 20)}
    return hub


def _starts(hub) -> list[int]:
    return [int(wanted.removeprefix("bytes=").rstrip("-")) for name, wanted in hub.ranges if name == WEIGHTS]


def test_a_connection_that_breaks_in_mid_file_goes_on_by_itself(mechgrade, large):
    large.faults.cut = {WEIGHTS: 12 << 20}
    assert mechgrade("models", "pull", "pythia-70m").returncode == 0
    assert _starts(large) == [10 << 20]


def test_after_a_break_that_lasts_the_next_try_goes_on_where_the_last_stopped(mechgrade, large, tmp_path):
    large.faults.cut = {WEIGHTS: 12 << 20}
    large.faults.down_after_cut = True
    done = mechgrade("models", "pull", "pythia-70m")
    assert done.returncode == 3
    assert "run `mechgrade models pull pythia-70m` later; it goes on where it stopped" in words(done)
    assert "no: mechgrade models pull pythia-70m" in words(mechgrade("models", "list", online=False))
    large.faults.status = None
    large.ranges.clear()
    assert mechgrade("models", "pull", "pythia-70m").returncode == 0
    assert _starts(large) == [10 << 20]
    (weights,) = Path(tmp_path, "hf").rglob(WEIGHTS)
    assert weights.read_bytes() == large.repos[standins.PYTHIA][WEIGHTS]


def test_a_part_that_was_damaged_on_disk_is_noticed(mechgrade, large, tmp_path):
    large.faults.cut = {WEIGHTS: 12 << 20}
    large.faults.down_after_cut = True
    mechgrade("models", "pull", "pythia-70m")
    (part,) = Path(tmp_path, "hf").rglob("*.part")
    part.write_bytes(b"x" * part.stat().st_size)
    large.faults.status = None
    assert "is corrupt, its checksum is not the Hub's; it was deleted" in words(
        mechgrade("models", "pull", "pythia-70m")
    )
    assert mechgrade("models", "pull", "pythia-70m").returncode == 0


FAULTS = {
    "corrupt": "model.safetensors is corrupt, its checksum is not the Hub's; it was deleted: run `mechgrade models pull gpt2-small` again",
    "short": "a file did not arrive whole: run `mechgrade models pull gpt2-small` again",
    "gated": "its owner gives it only to those who accepted the terms: accept them on the model's page, then log in with `hf auth login`",
    "status": "the Hub failed (HTTP 503): run `mechgrade models pull gpt2-small` later",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_hub_is_told_in_a_sentence_and_the_next_try_succeeds(mechgrade, hub, fault):
    value = {"corrupt": {WEIGHTS}, "short": {WEIGHTS}, "gated": {standins.GPT2}, "status": 503}[fault]
    setattr(hub.faults, fault, value)
    done = mechgrade("models", "pull", "gpt2-small")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert FAULTS[fault] in words(done)
    assert "no: mechgrade models pull gpt2-small" in words(mechgrade("models", "list", online=False))
    setattr(hub.faults, fault, None if fault == "status" else set())
    done = mechgrade("models", "pull", "gpt2-small")
    assert done.returncode == 0, done.stderr


def test_without_a_network_the_command_says_so(mechgrade):
    done = mechgrade("models", "pull", "gpt2-small", online=False)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "the connection to the Hub failed or broke off" in words(done)


def test_a_model_that_the_hub_has_not_is_told(mechgrade):
    done = mechgrade("models", "pull", "gpt2-xl")
    assert done.returncode == 3
    assert "the Hub has no model of that name, or it is private" in words(done)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte, too small for the weights."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this container may not mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_a_larger_one_helps(mechgrade, small_disk):
    done = mechgrade("models", "pull", "gpt2-small", home=small_disk)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "the disk is full: free some space, or let HF_HOME name a directory on a larger disk" in words(done)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert mechgrade("models", "pull", "gpt2-small", home=small_disk).returncode == 0


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("gpt2-smal", "did you mean 'gpt2-small'"),
        ("hub:nothing-like-it", "TransformerLens boots no model 'nothing-like-it'"),
    ],
)
def test_a_wrong_name_is_a_users_mistake(mechgrade, name, part):
    done = mechgrade("models", "pull", name)
    assert (done.returncode, part in words(done), "Traceback" in done.stderr) == (2, True, False), words(done)


def test_any_model_that_transformerlens_boots_can_be_named(mechgrade):
    """By what course.yaml boots, by TransformerLens's alias, by its name on the Hub."""
    for name in ("gpt2", "pythia-70m", "EleutherAI/pythia-70m"):
        done = mechgrade("models", "pull", name)
        assert done.returncode == 0, (name, done.stderr)


def test_nothing_is_left_beside_the_cache(mechgrade, tmp_path):
    mechgrade("models", "pull", "pythia-70m")
    assert {path.name for path in tmp_path.iterdir()} == {"hf"}
    assert not [
        path for kind in ("incomplete", "part", "lock") for path in Path(tmp_path, "hf/hub").rglob(f"blobs/*.{kind}")
    ]
