"""Grader of `max_activating`."""

import pytest


def random_case(bench, batch, pos, silent, seed, padded="right"):
    """Activations in eighths, so that equal ones are equal; rows of unequal length after a special position."""
    import torch

    activations = bench.integers(0, 25, (batch, pos), seed=seed).to(bench.dtype) / 8
    activations[silent] = 0
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    length = bench.integers(2, pos, (batch,), seed=seed + 2)
    place = torch.arange(pos, device=bench.device)
    text = (place >= 1) & (place < 1 + length[:, None])
    # Where there is no text, the latent is at its loudest.
    activations = torch.where(text, activations, 5 + activations)
    if padded == "left":
        return activations.flip(1), tokens.flip(1), text.flip(1)
    return activations, tokens, text


def on_random_rows(exercise, bench, *, batch, pos, k, window, silent, padded, seed):
    activations, tokens, text = random_case(bench, batch, pos, silent, seed, padded)
    return with_its_rows(exercise.max_activating(activations, tokens, text, k, window))


def with_its_rows(examples):
    """The examples, and which rows are listed: that some are missing is seen by the others."""
    some = examples if isinstance(examples, list | tuple) else []
    rows = [str(example.get("row")) for example in some if isinstance(example, dict)]
    return {"examples": examples, "rows_listed": f"rows {', '.join(rows)}" if rows else "none of the rows"}


def tensors(bench, activations, tokens, text):
    import torch

    return (
        torch.tensor(activations, dtype=bench.dtype, device=bench.device),
        torch.tensor(tokens, device=bench.device),
        torch.tensor(text, device=bench.device),
    )


def on_a_known_case(exercise, bench, *, k, window):
    return exercise.max_activating(
        *tensors(
            bench,
            [
                [9.0, 0.0, 2.0, 2.0, 1.0],
                [9.0, 0.5, 0.0, 0.0, 9.0],
                [9.0, 0.0, 0.0, 0.0, 0.0],
                [9.0, 0.0, 0.0, 1.0, 3.0],
            ],
            [[0, 11, 12, 13, 14], [0, 21, 22, 23, 0], [0, 31, 32, 33, 34], [0, 41, 42, 43, 44]],
            [
                [False, True, True, True, True],
                [False, True, True, True, False],
                [False] + [True] * 4,
                [False] + [True] * 4,
            ],
        ),
        k,
        window,
    )


def with_equal_rows(exercise, bench, *, k, window):
    """Rows with the same best activation, and rows in which it is reached twice; one row has no text at all."""
    loud = [0.0, 1.0, 0.5, 1.0, 0.25]
    rows = [loud, loud[::-1], [3.0] * 5, loud, [0.0, 0.25, 0.25, 1.0, 1.0], loud, loud]
    tokens = [[10 * row + place for place in range(5)] for row in range(len(rows))]

    def listed(without_text):
        text = [[row not in without_text] * 5 for row in range(len(rows))]
        return with_its_rows(exercise.max_activating(*tensors(bench, rows, tokens, text), k, window))

    try:
        return listed([2])
    except (IndexError, ValueError, RuntimeError):
        listed([])  # an error that comes here too is about something else, and comes through
        return "stops with an error where a row has no text"


def with_weak_activations(exercise, bench, *, k, seed):
    """Three rows as usual, one silent, and others in which activations are next to nothing: what is above 0 is active."""
    import torch

    activations, tokens, text = random_case(bench, 7, 6, [1], seed)
    strength = torch.full((7, 1), 2.0**-40, device=bench.device, dtype=bench.dtype)
    strength[::3] = 1
    return with_its_rows(exercise.max_activating(activations * strength, tokens, text, k, 1))


def on_course_latents(exercise, bench, *, texts, count, k, window):
    """The course SAE's own latents on its own kind of text; the latents that are strongest there."""
    from interp.prompts import mixed_prompts

    name = bench.sae.cfg.metadata.hook_name
    tokens = bench.tokens(["".join(sentence) for sentence in mixed_prompts(texts, 3)])
    text = tokens != bench.bos
    latents = bench.sae.encode(bench.cache(tokens, [name])[name])
    strongest = latents[text].sum(dim=0).topk(count).indices.sort().values
    return [exercise.max_activating(latents[..., latent], tokens, text, k, window) for latent in strongest]


@pytest.mark.points(4)
def test_random_rows(compare, seed):
    """Rows of unequal length, padded on either side; the latent is loudest at special positions; some rows are silent."""
    compare(with_weak_activations, k=6, seed=seed)
    for batch, pos, k, window, silent, padded in [
        (5, 7, 3, 2, [], "right"),
        (4, 9, 4, 1, [2], "right"),
        (7, 6, 5, 3, [0, 4, 5], "right"),
        (6, 9, 5, 3, [2], "left"),
        (3, 8, 2, 9, [], "right"),
        (3, 5, 0, 1, [], "right"),
        (1, 4, 1, 1, [], "left"),
    ]:
        found = compare(
            on_random_rows, batch=batch, pos=pos, k=k, window=window, silent=silent, padded=padded, seed=seed
        )["examples"]
        order = [example["activation"] for example in found]
        assert order == sorted(order, reverse=True), "the strongest example comes first"
        assert len({example["row"] for example in found}) == len(found), "a text appears twice"


@pytest.mark.points(2)
def test_known_case(compare):
    """Four short texts, small enough to do by hand."""
    found = compare(on_a_known_case, k=3, window=1)
    # The second row is cut by its special positions, the fourth by its end.
    expected = [([43, 44], 1), ([11, 12, 13], 1), ([21, 22], 0)]
    assert [(example["window"], example["peak"]) for example in found] == expected, f"by hand, it is {expected}"
    compare(on_a_known_case, k=2, window=0)


@pytest.mark.points(2)
def test_equal_activations(compare):
    """Texts with equal activations come in the order of their rows; the first of two equal positions counts."""
    found = compare(with_equal_rows, k=20, window=2)["examples"]
    assert [example["row"] for example in found] == [0, 1, 3, 4, 5, 6], "equal activations: in the order of the rows"
    found = compare(with_equal_rows, k=2, window=1)["examples"]
    assert [example["row"] for example in found] == [0, 1], "at most k examples, also where others are as strong"


@pytest.mark.points(2)
@pytest.mark.needs("sae")
def test_course_latents(compare):
    """Latents of the course's SAE on its texts."""
    compare(on_course_latents, texts=12, count=4, k=4, window=3)
