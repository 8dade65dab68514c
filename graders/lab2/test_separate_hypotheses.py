"""Grader of `separate_hypotheses`.

Right designs differ, so what is compared are facts about them, made on the grader's side. Beside the rules that the text states, a
design is tried: on made-up heads that follow one rule each, the learner's prompts and the learner's decision together have to find the rule.
"""

import itertools
import random
from collections import Counter

import pytest

from mechgrade.grading.facts import Measured

#: Prompts as letters: the names are drawn, the last one gives.
PROMPTS = (
    "aba",
    "abb",
    "abc",
    "aab",
    "aaa",
    "aa",
    "ab",
    "abca",
    "abcc",
    "abac",
    "abbc",
    "abcd",
    "abab",
    "aabbc",
    "abcab",
    # No name comes twice.
    "ba",
    "cab",
    "dcba",
    "cd",
    # A name comes twice, and it is not the giver's.
    "aabc",
    "abbcd",
    "aabd",
    "abacd",
)
TEMPLATE = "When {A} and {B} went to the store, {S} gave a bottle to"
#: What separates a number from a bound that it does not meet: sixteen times what float32 rounds at 0.75.
A_LITTLE = 2**-20
#: Names that are single tokens in GPT-2's vocabulary too.
NAMES = (
    "John",
    "Mary",
    "Alice",
    "Bob",
    "Tom",
    "Anna",
    "James",
    "Sarah",
    "David",
    "Emma",
    "Peter",
    "Laura",
    "Paul",
    "Kate",
)


def drawn(count, seed):
    """Different names."""
    return random.Random(seed).sample(NAMES, count)


def of_prompts(exercise, bench, *, prompts):
    return [exercise.predicted_slots(tuple(prompt)) for prompt in prompts]


def of_names(exercise, bench, *, names):
    return exercise.separating_pairs(names)


def of_too_few_names(exercise, bench, *, cases):
    outcomes = {}
    for names in cases:
        try:
            exercise.separating_pairs(names)
            outcomes[", ".join(names) or "no name"] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[", ".join(names) or "no name"] = type(error).__name__
    return outcomes


def made_up_heads(names, seed):
    """How much a head looks at the giver, for each rule that a head may follow."""
    draw, liked = random.Random(seed), set(names[:2])
    much, some, little = draw.randint(52, 63) / 64, draw.randint(25, 31) / 64, draw.randint(1, 6) / 64

    def named_before(prompt):
        return prompt[-1] in prompt[:-1]

    return {
        "looks_at_repeated_names": lambda prompt: much if named_before(prompt) else little,
        "looks_at_whoever_gives": lambda prompt: much,
        "looks_more_at_some_names": lambda prompt: much if prompt[-1] in liked else 0.625,
        "looks_half_as_much_at_new_names": lambda prompt: much if named_before(prompt) else some,
        "looks_elsewhere": lambda prompt: some,
    }


def of_made_up_heads(exercise, bench, *, names, seed):
    """What the learner's decision says of each head, on the learner's prompts."""
    import torch

    pairs = exercise.separating_pairs(names)
    found = {}
    for rule, look in made_up_heads(names, seed).items():
        attention = torch.tensor([[look(prompt) for prompt in pair] for pair in pairs], dtype=bench.dtype)
        kept, verdict = exercise.decide(*attention.to(bench.device).unbind(1))
        found[rule] = {"kept": kept, "verdict": verdict}
    return found


def of_attention(exercise, bench, *, pairs, control, test, seed):
    """Random attention near two levels; one pair is far from the others."""
    looks = control * (0.8 + 0.2 * bench.uniform(pairs, seed=seed))
    keeps = test * (0.8 + 0.2 * bench.uniform(pairs, seed=seed + 1))
    looks[0], keeps[-1] = looks[0] * 0.75, keeps[-1] * 0.75
    kept, verdict = exercise.decide(looks, keeps)
    return {"kept": kept, "verdict": verdict}


def of_numbers(exercise, bench, *, cases):
    """Decisions about attention that is known."""
    import torch

    found = []
    for case in cases:
        kept, verdict = exercise.decide(*(torch.tensor(each, dtype=bench.dtype, device=bench.device) for each in case))
        found.append({"kept": kept, "verdict": verdict})
    return found


def on_model(exercise, bench, *, names):
    """Every head of the model on the learner's prompts: what was measured, and what the learner says of it."""
    import torch

    from interp.hypotheses import attention_to_giver

    pairs = exercise.separating_pairs(names)
    control, test = (
        attention_to_giver(bench.model, TEMPLATE, [pair[place] for pair in pairs]).flatten(1) for place in (0, 1)
    )
    answers = [exercise.decide(control[:, head], test[:, head]) for head in range(control.shape[1])]
    means = torch.stack([control.mean(0), test.mean(0)], dim=1)
    return {"means": means, "kept": [kept for kept, _ in answers], "verdicts": [verdict for _, verdict in answers]}


def slots(prompt):
    """What each hypothesis names."""
    again = [slot for slot, name in enumerate(prompt) if name in prompt[:slot]]
    return (again[-1] if again else None), len(prompt) - 1


def form_of(pairs):
    """Why a design cannot be judged, or "ok"."""
    if not isinstance(pairs, list | tuple) or not pairs:
        return "not a list of pairs"
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        return "not pairs of a control and a test"
    prompts = [prompt for pair in pairs for prompt in pair]
    if not all(isinstance(prompt, list | tuple) and len(prompt) == 3 for prompt in prompts):
        return "a prompt without three slots"
    return "ok" if all(isinstance(name, str) for prompt in prompts for name in prompt) else "a name that is no text"


def shown(pair):
    return f"control {tuple(pair[0])} and test {tuple(pair[1])}"


def all_keep(pairs, rule, why):
    """The fact that each pair keeps a rule; where one does not, which one, and what is wrong with it."""
    broken = next((pair for pair in pairs if not rule(*pair)), None)
    return Measured(broken is None, broken and f"{shown(broken)}: {why}")


def share_of(some, count):
    """How many of the names it is, in words."""
    return "none" if not some else "most" if 2 * some > count else "some of the names"


def facts_of_design(names):
    """What the text asks of pairs made of these names."""

    def facts(pairs):
        if (form := form_of(pairs)) != "ok":
            return {"form": form}
        gave = [Counter(pair[place][2] for pair in pairs) for place in (0, 1)]
        uneven = next((name for name in names if gave[0][name] != gave[1][name]), None)
        silent = next((name for name in names if not gave[1][name]), None)
        return {
            "form": "ok",
            "in_controls_both_hypotheses_name_the_giver": all_keep(
                pairs,
                lambda control, test: slots(control) == (2, 2),
                "repetition does not name the giver's slot in the control, so the hypotheses do not agree there",
            ),
            "tests_separate_the_hypotheses": all_keep(
                pairs,
                lambda control, test: slots(test)[0] != 2,
                "both hypotheses name the giver's slot in the test, so this test cannot decide",
            ),
            "one_slot_changes": all_keep(
                pairs,
                lambda *pair: sum(one != other for one, other in zip(*pair, strict=True)) == 1,
                "they do not differ in one slot, so you would not know which change made the difference",
            ),
            "only_the_given_names": all_keep(
                pairs, lambda *pair: {*pair[0], *pair[1]} <= set(names), "a name that was not given"
            ),
            "givers_are_balanced": Measured(
                uneven is None,
                f"{uneven} gives in {gave[0][uneven]} of the controls, and in {gave[1][uneven]} of the tests",
            ),
            "each_name_gives_in_a_test": Measured(silent is None, f"{silent} gives in no test"),
            "names_that_give_in_no_test": share_of(sum(not gave[1][name] for name in names), len(names)),
        }

    return facts


def facts_on_model(found):
    """Whether each verdict follows from the two means that were measured."""

    def follows(control, test, kept, verdict):
        if control < 0.5:
            return kept is None and verdict == "no effect"
        share = test / control
        right = "giver" if share >= 0.75 else "repetition" if share <= 0.25 else "neither"
        near = min(abs(share - bound) for bound in (0.25, 0.75)) < 1e-4 or abs(control - 0.5) < 1e-4
        return near or (kept is not None and abs(kept - share) < 1e-3 and verdict == right)

    rows = zip(found["means"].tolist(), found["kept"], found["verdicts"], strict=True)
    return {"verdicts_follow_from_the_numbers": all(follows(*means, kept, verdict) for means, kept, verdict in rows)}


@pytest.mark.points(2)
def test_predictions(compare, seed):
    """What each hypothesis predicts: for names that come once, twice or more often, in any slot, and for more than three slots."""
    names, patterns = drawn(4, seed), random.Random(seed).sample(PROMPTS, len(PROMPTS))
    compare(of_prompts, prompts=[[names["abcd".index(letter)] for letter in prompt] for prompt in patterns])


@pytest.mark.points(3)
def test_design(compare, seed):
    """Your pairs keep the rules: controls, tests, one change, balanced givers, and every name gives. Too few names are refused."""
    for count in (7, 3, 4, 8):
        names = drawn(count, seed + count)
        compare(of_names, facts=facts_of_design(names), names=names)
    # Several of each number, so that it is seen which number goes through.
    names = drawn(9, seed)
    cases = [*itertools.pairwise(names), *((name,) for name in names[:6]), ()]
    compare(of_too_few_names, cases=cases)


@pytest.mark.points(2)
def test_made_up_heads(compare, seed):
    """Heads that follow a known rule: your prompts and your decision together find the rule."""
    for count in (6, 3):
        compare(of_made_up_heads, names=drawn(count, seed + 20 + count), seed=seed + count)


@pytest.mark.points(2)
def test_decisions(compare, seed):
    """The share kept and the verdict: on random attention, and exactly at the bounds."""
    for place, (control, test) in enumerate([(1, 0.1), (1, 0.5), (0.9, 0.9), (0.45, 0.9), (0.8, 1.0)]):
        compare(of_attention, pairs=6 + place, control=control, test=test, seed=seed + 40 + 2 * place)
    # Each border several times, and either side of it.
    controls = ([0.5, 0.5], [1.0], [0.75, 0.75], [0.625, 0.875], [1.0, 0.5, 1.0, 0.5], [0.5])
    at_the_bounds = [(control, [bound * each for each in control]) for control in controls for bound in (0.75, 0.25)]
    between = [([1.0], [share]) for share in (0.734375, 0.703125, 0.640625, 0.5, 0.359375, 0.296875, 0.265625)]
    half = [([0.5, 0.5], [test, test]) for test in (0.5, 0.46875, 0.4375, 0.40625, 0.0625, 0.03125)]
    below = [([0.5, 0.46875], [0.5, 0.5]), ([0.0, 0.0], [0.0, 0.0]), ([0.25], [0.25]), ([0.375], [0.0625])]
    uneven = [([0.75, 0.25], [0.25, 0.125]), ([1.0, 0.5, 0.0], [0.125, 0.125, 0.125]), ([1.0, 0.125], [0.0, 0.0])]
    more = [([0.5, 0.625], [1.0, 1.0]), ([0.5], [0.75]), ([0.75], [0.9375])]
    nearly = [(control, [0.75 * each - A_LITTLE for each in control]) for control in controls]
    nearly += [(control, [0.25 * each + A_LITTLE for each in control]) for control in controls]
    nearly += [([0.5 - A_LITTLE], [0.25]), ([0.75, 0.25 - 2 * A_LITTLE], [0.4375, 0.5])]
    compare(of_numbers, cases=[*at_the_bounds, *between, *half, *below, *uneven, *more, *nearly])


@pytest.mark.supporting
@pytest.mark.points(1)
def test_on_model(compare, seed):
    """Every head of the model, on your prompts: your verdict follows from what was measured."""
    compare(on_model, facts=facts_on_model, names=drawn(5, seed + 60))
