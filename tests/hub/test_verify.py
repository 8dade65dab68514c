"""`mechgrade verify`: published facts must fail on weights that do not have them, and each says where it was published.

Where the measurements are right is shown on the course model, whose heads are known from its card.
"""

from __future__ import annotations

import re

import pytest
from support import ROOT

from mechgrade.bench.specs import bench_spec
from mechgrade.course import load_course

from interp.facts.verify import Fact, agrees, facts_of, known, verify

pytestmark = pytest.mark.long

#: True of every model of GPT-2 small's form, whatever its weights.
FORM = {"layers", "heads", "cached activations"}


def test_on_random_weights_the_facts_of_form_hold_and_all_others_fail(mechgrade):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    done = mechgrade("verify", "gpt2-small", "--device", "cpu", online=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    lines = re.findall(r"^(holds|DOES NOT HOLD): ([^:]+):", done.stdout, re.MULTILINE)
    verdicts = {name: verdict for verdict, name in lines}
    assert list(verdicts) == [fact.name for fact in facts_of("gpt2-small")]
    assert {name for name, verdict in verdicts.items() if verdict == "holds"} == FORM
    assert f"{len(FORM)} of {len(verdicts)} published facts hold on gpt2-small" in done.stdout
    assert done.stdout.count("source: ") == len(verdicts)


def test_a_model_that_is_not_here_or_of_which_nothing_is_kept_is_told(mechgrade):
    done = mechgrade("verify", "gpt2-small", online=False)
    assert done.returncode == 3
    assert "run `mechgrade models pull gpt2-small`" in done.stderr
    done = mechgrade("verify", "gpt2-xl", online=False)
    assert (done.returncode, "there are some about gpt2-small" in done.stderr) == (2, True)


@pytest.mark.parametrize("model", known())
def test_every_fact_has_a_citation_and_a_measurement(model):
    from interp.facts.measure import MEASURES

    facts = facts_of(model)
    assert len({fact.name for fact in facts}) == len(facts) >= 8
    for fact in facts:
        assert fact.measure in MEASURES
        assert re.search(
            r"https?://|arXiv:|\d{4}|transformer-lens|sae-lens|quickstart|preparation guide|same entry", fact.source
        ), fact.name


def _fact(**changes) -> Fact:
    base = {"name": "n", "says": "s", "source": "somewhere, 2022", "measure": "size", "arguments": {}, "holds": "equal"}
    return Fact(**{**base, "expect": 1, **changes})


def test_how_a_measurement_is_held_against_what_was_published():
    near = _fact(holds="near", expect=3.5, tolerance=0.5)
    assert agrees(near, 3.5, 4.0) and not agrees(near, 3.5, 4.1) and not agrees(near, 3.5, float("nan"))
    heads = _fact(holds="contains", expect=[[5, 1], [6, 9]])
    assert agrees(heads, heads.expect, [[6, 9], [0, 0], [5, 1]]) and not agrees(heads, heads.expect, [[6, 9]])
    assert not agrees(_fact(), 1, 2)


def test_what_cannot_be_measured_does_not_hold():
    def measure(_fact):
        raise ValueError("' fox' is 3 tokens here")

    (finding,) = verify([_fact()], None, measure)
    assert (finding.holds, finding.found, finding.why) == (False, None, "' fox' is 3 tokens here")


def test_the_measurements_find_what_the_course_model_is_known_for():
    """By its card: L1H0 and L1H1 are induction heads, L2H0 is the name mover, ' Paris' comes first; its SAE keeps 14 latents."""
    from mechgrade.bench.transformer_lens.bench import Bench

    from interp.facts import measure

    bench = Bench(bench_spec(load_course(ROOT)))
    assert measure.size(bench, field="n_layers") == 3
    assert measure.rank(bench, prompt="The capital of France is", answer=" Paris") == 0
    assert measure.rank(bench, prompt="The capital of France is", answer=" Mary") > 0
    found = measure.induction_heads(bench, batch=4, half=25, above=0.8)
    assert found == [[1, 0], [1, 1]]
    prompt = "John and Mary went to the store. John gave a bottle to"
    effects = measure._direct_effects(bench, prompt, measure._token(bench, " Mary"), measure._token(bench, " John"))
    assert divmod(int(effects.argmax()), bench.n_heads) == (2, 0)
    assert 0 < measure.sae_l0(bench) <= 14
    assert measure.sae_explained_variance(bench) <= 1
    with pytest.raises(measure.CannotMeasureError, match="has to be one"):
        measure._token(bench, " antidisestablishmentarianism")
