"""Grader of `explanation_score`. Activations are powers of 2 times multiples of 1/8, so that contexts can be equally strong on every machine."""

import pytest

#: A weak activation is so much of a strong one. It is above 0 all the same.
WEAK = 2.0**-40
#: How many tokens are active and how many of these fit, and the same of the decoys: half, or so near that a small tolerance shows.
#: What is accepted too much or too little of the one is not made up for by the other.
NEARLY_HALF = (
    (1001, 501, 1001, 3),
    (2001, 1001, 1001, 2),
    (1999, 1000, 2001, 1001),
    (1000, 500, 1001, 5),
    (1001, 500, 1001, 1),
    (2001, 1000, 1999, 4),
    (1001, 3, 1999, 999),
)


def chosen_words(bench, count, vocabulary, seed):
    """The description "one of these words", which are drawn."""
    import torch

    words = bench.uniform(vocabulary, seed=seed).argsort()[:count]
    return lambda tokens: torch.isin(tokens, words)


def as_the_first(tokens):
    """A description that has to see the whole context: the word with which the context begins, where it comes again."""
    fits = tokens == tokens[:, :1]
    fits[:, 0] = False
    return fits


def some_contexts(bench, contexts, pos, vocabulary, silent, seed):
    """Tokens, activations with many equal ones and many very weak ones, and decoys, which silent contexts have too."""
    import torch

    tokens = bench.integers(0, vocabulary, (contexts, pos), seed=seed)
    strength = bench.integers(1, 9, (contexts, pos), seed=seed + 1).to(bench.dtype) / 8
    weak = (bench.uniform(contexts, pos, seed=seed + 6) < 0.3) | (bench.uniform(contexts, 1, seed=seed + 7) < 0.3)
    strength = torch.where(weak, strength * WEAK, strength)
    active = bench.uniform(contexts, pos, seed=seed + 2) < 0.35
    is_silent = bench.uniform(contexts, seed=seed + 3).argsort() < silent
    rows = torch.arange(contexts, device=active.device)
    active[rows, bench.integers(1, pos, (contexts,), seed=seed + 4)] = True
    active[:, 0] = False  # at least one token is left for the decoys
    active[is_silent] = False
    decoys = (bench.uniform(contexts, pos, seed=seed + 5) < 0.5) & ~active
    decoys[:, 0] = True
    return tokens, strength * active, decoys


def of_answers(exercise, bench, *, n, share, seed):
    true = bench.uniform(n, seed=seed) < share
    true[0], true[-1] = True, False
    said = bench.uniform(n, seed=seed + 1) < 0.4
    return exercise.balanced_accuracy(said, true)


def of_bins(exercise, bench, *, contexts, pos, silent, n_bins, seed):
    _, activations, _ = some_contexts(bench, contexts, pos, 5, silent, seed)
    try:
        return exercise.strength_bins(activations, n_bins)
    except ValueError:  # with a message of the learner's own, which says nothing here
        return "ValueError"


def of_scores(exercise, bench, *, contexts, pos, vocabulary, silent, n_bins, words, seed):
    """The scores of a set of words; with no words given, of a description that sees the whole context."""
    given = some_contexts(bench, contexts, pos, vocabulary, silent, seed)
    description = chosen_words(bench, words, vocabulary, seed + 9) if words else as_the_first
    return exercise.explanation_score(description, *given, n_bins)


def of_constant_descriptions(exercise, bench, *, seed):
    """A description that fits everywhere, and one that fits nowhere."""
    import torch

    given = some_contexts(bench, 30, 5, 6, 12, seed)
    always, never = (lambda tokens: torch.ones_like(tokens, dtype=torch.bool)), (lambda tokens: tokens < 0)
    return {
        name: exercise.explanation_score(description, *given, 3)
        for name, description in (("always", always), ("never", never))
    }


def of_a_planted_latent(exercise, bench, *, seed):
    """A tenth of its contexts, the strongest, has word 0; the others have words 1 to 4, and so have some silent ones."""
    import torch

    tokens = bench.integers(5, 20, (60, 6), seed=seed)
    order = bench.uniform(60, seed=seed + 1).argsort()
    places = bench.integers(1, 6, (60,), seed=seed + 2)
    kinds = bench.integers(1, 5, (60,), seed=seed + 3)
    activations = torch.zeros(60, 6, dtype=bench.dtype, device=bench.device)
    for rank, row in enumerate(order[:40].tolist()):
        tokens[row, places[row]] = 0 if rank >= 36 else kinds[row]
        activations[row, places[row]] = (rank + 1) / 8
    for row in order[40:].tolist():
        if kinds[row] > 2:  # how many differs from seed to seed
            tokens[row, places[row]] = kinds[row]
    decoys = torch.zeros_like(tokens, dtype=torch.bool)
    decoys[:, 0] = True
    return {
        "strongest_word": exercise.explanation_score(lambda t: t == 0, tokens, activations, decoys, 10),
        "all_words": exercise.explanation_score(lambda t: t < 5, tokens, activations, decoys, 10),
    }


def of_nearly_half(exercise, bench, *, cases):
    """Contexts in which a little more or less than half of the marked tokens fit, or exactly half; and a silent one.

    Each case says how many tokens are active and how many of these fit, and the same of the decoys. The description is "word 1".
    """
    import torch

    pos = max(active + wrong for active, _, wrong, _ in cases)
    tokens = torch.zeros(len(cases) + 1, pos, dtype=torch.int64, device=bench.device)
    activations = torch.zeros(len(cases) + 1, pos, dtype=bench.dtype, device=bench.device)
    decoys = torch.zeros_like(tokens, dtype=torch.bool)
    for row, (active, fitting, wrong, fitting_wrong) in enumerate(cases):
        activations[row, :active] = (row + 1) / 8
        decoys[row, active : active + wrong] = True
        tokens[row, :fitting] = 1
        tokens[row, active : active + fitting_wrong] = 1
    return exercise.explanation_score(lambda t: t == 1, tokens, activations, decoys, 3)


def of_the_small_example(exercise, bench):
    """Handed is word 0, gave is word 1, tea is word 2."""
    import torch

    tokens = torch.tensor([[3, 0, 4, 2], [5, 1, 6, 2], [7, 8, 9, 10], [11, 12, 13, 14]], device=bench.device)
    activations = torch.zeros(4, 4, dtype=bench.dtype, device=bench.device)
    activations[0, 1], activations[1, 1] = 5.0, 2.0
    return exercise.explanation_score(lambda t: t == 0, tokens, activations, tokens == 2, 2)


def refused(exercise, bench, *, sizes):
    """What may not be, in several sizes, and as many contexts as bins, which may."""
    import torch

    calls = {}
    for contexts, silent in sizes:
        tokens, activations, decoys = some_contexts(bench, contexts, 4, 5, silent, 0)
        number, everywhere = contexts - silent, activations + 1 / 8
        yes, no = (torch.full((contexts,), value, device=bench.device) for value in (True, False))

        def score(given, n_bins, tokens=tokens, decoys=decoys):
            return exercise.explanation_score(lambda t: t < 2, tokens, given, decoys, n_bins)

        few, enough = f"{number} active contexts and {number + 1} bins", f"{number} active contexts and {number} bins"
        calls |= {
            f"balanced_accuracy, always yes, {contexts} times": lambda yes=yes: exercise.balanced_accuracy(yes, yes),
            f"balanced_accuracy, always no, {contexts} times": lambda yes=yes, no=no: exercise.balanced_accuracy(
                yes, no
            ),
            f"strength_bins, {few}": lambda a=activations, n=number: exercise.strength_bins(a, n + 1),
            f"strength_bins, {enough}": lambda a=activations, n=number: exercise.strength_bins(a, n),
            f"explanation_score, {few}": lambda a=activations, n=number, score=score: score(a, n + 1),
            f"explanation_score, no silent context among {contexts}": lambda a=everywhere, score=score: score(a, 2),
        }
    outcomes = {}
    for name, call in calls.items():
        try:
            call()
            outcomes[name] = "nothing"
        except ValueError:
            outcomes[name] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[name] = type(error).__name__
    return outcomes


@pytest.mark.points(2)
def test_balanced_accuracy(compare, seed):
    """Answers to rare questions and to frequent ones."""
    for n, share in [(20, 0.2), (31, 0.7), (2, 0.5), (12, 0.0)]:
        compare(of_answers, n=n, share=share, seed=seed)


@pytest.mark.points(2)
def test_bins(compare, seed):
    """Active contexts in bins of equal size, with equally strong ones, and where bins do not come out even."""
    for contexts, pos, silent, n_bins in [
        (20, 4, 5, 5),
        (17, 3, 4, 4),
        (6, 5, 0, 6),
        (9, 2, 6, 1),
        (50, 3, 20, 7),
        (22, 3, 0, 22),
    ]:
        compare(of_bins, contexts=contexts, pos=pos, silent=silent, n_bins=n_bins, seed=seed)


@pytest.mark.points(4)
def test_scores(compare, seed):
    """Detection and fuzzing, in all and by bin, of drawn words and of a description that sees the whole context."""
    for contexts, pos, vocabulary, silent, n_bins, words in [
        (36, 5, 6, 12, 10, 4),
        (40, 6, 8, 15, 3, 2),
        (60, 8, 20, 40, 4, 6),
        (30, 7, 5, 6, 2, 0),
        (14, 3, 6, 1, 1, 2),
    ]:
        compare(
            of_scores,
            contexts=contexts,
            pos=pos,
            vocabulary=vocabulary,
            silent=silent,
            n_bins=n_bins,
            words=words,
            seed=seed,
        )
    found = compare(of_constant_descriptions, seed=seed)
    for score in found.values():
        both = [score["detection"], score["fuzzing"], *score["detection_by_bin"], *score["fuzzing_by_bin"]]
        assert max(abs(each - 0.5) for each in both) < 1e-6, "who always gives the same answer gets 0.5"


@pytest.mark.points(1)
def test_planted_latent(compare, seed):
    """A latent that only its strongest examples explain: the strongest bin is perfect, and the whole is not; nearly half; the small example."""
    compare(of_nearly_half, cases=NEARLY_HALF)
    found = compare(of_a_planted_latent, seed=seed)["strongest_word"]
    for kind in ("detection", "fuzzing"):
        by_bin = found[f"{kind}_by_bin"]
        assert by_bin[-1] == 1 and max(by_bin[:-1]) == 0.5, f"{kind}: the strongest bin has 1, all others have 0.5"
        assert found[kind] < 0.6, f"{kind}: a description of the strongest tenth alone explains little of the whole"
    found = compare(of_the_small_example)
    assert found["detection"] == found["fuzzing"] == 0.75, "in the small example both scores are 0.75"
    assert list(found["detection_by_bin"]) == [0.5, 1], (
        "in the small example detection is 0.5 in the weak bin, 1 in the strong"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Fewer active contexts than bins, and a truth without both kinds, raise a ValueError; as many contexts as bins do not."""
    compare(refused, sizes=[[6, 2], [5, 2], [7, 2], [8, 2], [9, 2], [10, 2]])
