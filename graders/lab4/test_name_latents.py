"""Grader of `name_latents`.

Random activations are multiples of 1/8, many of them 0, so that there are ties and nobody's rounding decides them.
"""

import numpy as np
import pytest


def some_latents(bench, tokens, d_sae, seed):
    """Sparse activations with many equal values; the last latent never fires."""
    latents = bench.integers(-8, 9, (tokens, d_sae), seed=seed).to(bench.dtype).relu() / 8
    latents[:, -1] = 0
    return latents


def some_labels(bench, concepts, tokens, seed):
    """About a third of the tokens; at least one in and one out."""
    labels = bench.uniform(concepts, tokens, seed=seed) < 0.35
    labels[:, 0], labels[:, 1] = True, False
    return labels


def of_random_latents(exercise, bench, *, tokens, d_sae, scale, seed):
    latents = scale * some_latents(bench, tokens, d_sae, seed)
    return exercise.auroc(latents, some_labels(bench, 1, tokens, seed + 1)[0])


def of_both_types(exercise, bench, *, seed):
    """The type of the result for activations in float32 and float64, and where only float64 tells values apart."""
    latents, labels = some_latents(bench, 9, 4, seed), some_labels(bench, 1, 9, seed + 1)[0]
    close = 1 + latents.double() / 2**30
    return {
        "float32": str(exercise.auroc(latents.float(), labels).dtype),
        "float64": str(exercise.auroc(latents.double(), labels).dtype),
        "close_values": exercise.auroc(close, labels),
    }


def of_known_scores(exercise, bench):
    import torch

    latents = torch.tensor(
        [[3.0, 0, 1, 5], [2, 0, 1, 0], [1, 0, 0, 0], [0, 0, 3, 0]], dtype=bench.dtype, device=bench.device
    )
    return exercise.auroc(latents, torch.tensor([True, True, False, False], device=bench.device))


def refused(exercise, bench):
    """Labels of which no token or every token belongs to the concept, given to each function."""
    latents = some_latents(bench, 5, 4, 0)
    good = some_labels(bench, 2, 5, 1)
    outcomes = {}
    for which in ("none", "all"):
        bad = good.clone()
        bad[1] = which == "all"
        calls = {
            "auroc": lambda bad=bad: exercise.auroc(latents, bad[1]),
            "train": lambda bad=bad: exercise.name_latents(latents, bad, latents, good),
            "test": lambda bad=bad: exercise.name_latents(latents, good, latents, bad),
        }
        for name, call in calls.items():
            try:
                call()
                outcomes[f"{name}, {which}"] = "nothing at all"
            except ValueError:
                outcomes[f"{name}, {which}"] = "ValueError"
            except NotImplementedError:
                raise
            except Exception as error:
                outcomes[f"{name}, {which}"] = f"{type(error).__name__} and no ValueError"
    return outcomes


def planted(bench, tokens, d_sae, concepts, noise, seed):
    """Labels, and latents of which number 2 c + 1 follows concept c up to some noise."""
    labels = some_labels(bench, concepts, tokens, seed)
    latents = some_latents(bench, tokens, d_sae, seed + 1)
    flips = bench.uniform(concepts, tokens, seed=seed + 2) < noise
    for concept in range(concepts):
        latents[:, 2 * concept + 1] += 4 * (labels[concept] ^ flips[concept])
    return latents, labels


def of_planted_latents(exercise, bench, *, train, test, d_sae, concepts, noise, seed):
    first = planted(bench, train, d_sae, concepts, noise, seed)
    return exercise.name_latents(*first, *planted(bench, test, d_sae, concepts, noise, seed + 10))


def of_luck(exercise, bench, *, train, test, d_sae, concepts, seed):
    """Labels that mean nothing: the best on one set is one of many on the other."""
    sets = []
    for count, offset in ((train, 0), (test, 10)):
        sets.append(some_latents(bench, count, d_sae, seed + offset))
        sets.append(some_labels(bench, concepts, count, seed + offset + 1))
    return exercise.name_latents(*sets)


def of_equal_latents(exercise, bench, *, concepts, seed):
    """Every latent stands there twice: the first of two equals is chosen."""
    import torch

    sets = []
    for offset in (0, 10):
        latents, labels = planted(bench, 20, 8, concepts, 0.1, seed + offset)
        sets += [torch.cat([latents, latents], dim=1), labels]
    return exercise.name_latents(*sets)


def of_nearly_equal_latents(exercise, bench, *, above, seed):
    """Each latent puts one token that is not of the concept above so many that are: one more is one in 3,600 pairs."""
    import torch

    sets = []
    for offset in (0, 10):
        order = bench.uniform(120, seed=seed + offset).argsort()
        latents = order.to(bench.dtype)[:, None].repeat(1, len(above))
        latents[order == 59] += torch.tensor(above, device=latents.device).to(latents) + 0.5
        sets += [latents, (order >= 60)[None]]
    return exercise.name_latents(*sets)


def on_course_concepts(exercise, bench, *, concepts, sentences, part):
    """The course's SAE: chosen on some sentences, judged on others that neither choice nor SAE training saw."""
    import torch

    from interp.labels import concepts_of_pieces
    from interp.prompts import mixed_prompts

    name = bench.sae.cfg.metadata.hook_name
    sets = []
    for seed, which in ((1, "choose"), (2, part)):
        texts = mixed_prompts(sentences, seed, which)
        tokens = bench.tokens(["".join(text) for text in texts])
        latents = bench.sae.encode(bench.cache(tokens, [name])[name])[tokens != bench.bos]
        pieces = [[bench.model.to_string([token]) for token in row if token != bench.bos] for row in tokens.tolist()]
        marks = [found for text, cut in zip(texts, pieces, strict=True) for found in concepts_of_pieces(text, cut)]
        sets += [latents, torch.tensor([[concept in of for of in marks] for concept in concepts], device=bench.device)]
    return exercise.name_latents(*sets)


@pytest.mark.points(4)
def test_auroc(compare, seed):
    """AUROC of sparse random latents with many ties, one never active, strong or weak; and of four tokens by hand."""
    for tokens, d_sae, scale in [(7, 4, 1.0), (12, 9, 1.0), (30, 5, 2.0**-16), (2, 3, 1.0), (40, 1, 1.0)]:
        found = compare(of_random_latents, tokens=tokens, d_sae=d_sae, scale=scale, seed=seed)
        assert found[-1] == 0.5, "a latent that never fires has ½: every pair is a tie"
    compare(of_both_types, seed=seed)
    expected = np.array([1, 0.5, 0.5, 0.75])
    assert np.allclose(compare(of_known_scores), expected, atol=1e-6), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(2)
def test_choose_and_judge(compare, seed):
    """Latents that follow a concept are found; where there is only luck, it is judged on the other set."""
    for train, test, d_sae, concepts, noise in [(40, 25, 9, 3, 0.1), (30, 50, 6, 2, 0.2)]:
        found = compare(
            of_planted_latents, train=train, test=test, d_sae=d_sae, concepts=concepts, noise=noise, seed=seed
        )
        assert (found["train_auroc"] > 0.6).all(), "the latents that follow the concepts are not found"
    for concepts in (3, 1):
        compare(of_equal_latents, concepts=concepts, seed=seed)
    for above in ([3, 2, 1, 2, 3], [5, 4, 6, 3, 4, 7], [2, 3, 4, 1]):
        compare(of_nearly_equal_latents, above=above, seed=seed)
    compare(of_luck, train=15, test=40, d_sae=12, concepts=4, seed=seed)


@pytest.mark.points(2)
@pytest.mark.needs("sae")
def test_course_concepts(compare):
    """Concepts of the course's texts: the latent is chosen on some sentences and judged on held-out ones."""
    for part in ("held_out", "unseen"):
        compare(on_course_concepts, concepts=["name", "place", "animal", "day"], sentences=40, part=part)


@pytest.mark.points(2)
def test_clear_errors(compare):
    """A concept without tokens, or with all of them, raises a ValueError."""
    compare(refused)
