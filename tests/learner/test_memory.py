"""What `mechgrade memory` measures is what the tensors hold, and the doctor's estimate is near it."""

from __future__ import annotations

import json

import pytest

from mechgrade.bench.transformer_lens.doctor import GPT2, shape_of

from interp.memory import ROWS, measure


def test_a_caches_bytes_are_near_the_doctors_estimate(course):
    measured = measure(course, "cache_ten", "embedded", "cpu", 60)
    assert not measured.error
    shape = shape_of(course.model("embedded"), course.root)
    assert shape is not None
    assert shape.full_cache(10, 60) == pytest.approx(measured.kept, rel=0.3)
    assert measured.peak > 0.5 * measured.kept  # the process really holds them


def test_what_fails_is_told(course):
    measured = measure(course, "cache_one", "embedded", "no-such-device", 8)
    assert "no-such-device" in measured.error and measured.peak == 0


def test_gpt2_smalls_weights_are_those_of_124_million_parameters():
    """124 million with the embedding shared (Radford et al. 2019); TransformerLens holds the unembedding apart: 163 million."""
    assert GPT2["gpt2-small"].weights() / 4 == pytest.approx(163e6, rel=0.01)
    assert GPT2["gpt2-xl"].weights() / 4 == pytest.approx(1.558e9 + 50257 * 1600, rel=0.01)


@pytest.mark.slow
def test_the_command_measures_every_row(at_desk, desk):
    out = desk.root / "memory.json"
    done = at_desk("memory", "--tokens", "32", "--json", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())["operations"]
    assert list(found) == [row.operation for row in ROWS]
    assert found["cache_ten"]["kept"] > 5 * found["cache_one"]["kept"]
    assert all(each["peak"] > 0 for each in found.values())
    assert all(row.expected in done.stdout for row in ROWS)
