"""Grader of `normalised_metric`."""

import numpy as np
import pytest

from interp.words import IOI_WORDS


def ends(bench, clean, corrupted):
    """Two numbers as tensors."""
    import torch

    return (torch.tensor(number, dtype=bench.dtype, device=bench.device) for number in (clean, corrupted))


def on_random_values(exercise, bench, *, shape, clean, corrupted, seed):
    return exercise.normalised_metric(5 * bench.normal(*shape, seed=seed), *ends(bench, clean, corrupted))


def on_known_values(exercise, bench, *, clean, corrupted):
    """The corrupted end, the clean end, the middle, one length beyond either."""
    import torch

    length = clean - corrupted
    values = [corrupted, clean, corrupted + length / 2, clean + length, corrupted - length]
    value = torch.tensor(values, dtype=bench.dtype, device=bench.device)
    return exercise.normalised_metric(value, *ends(bench, clean, corrupted))


def on_mixed_logits(exercise, bench, *, count, seed):
    """The course model's logits on clean and corrupted prompts, mixed in known shares."""
    import torch

    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, seed, template=0, order="ABBA")
    clean, corrupted = (
        torch.stack([bench.run(bench.tokens(getattr(prompt, kind)))[0, -1] for prompt in prompts])
        for kind in ("clean", "corrupted")
    )
    # The first token of each name, where a name is several.
    ids = [
        [bench.model.to_tokens(text, prepend_bos=False)[0, 0] for text in (prompt.answer, prompt.wrong)]
        for prompt in prompts
    ]
    answer, wrong = torch.tensor(ids, device=bench.device).unbind(1)
    rows = torch.arange(count, device=bench.device)

    def metric(logits):
        return (logits[rows, answer] - logits[rows, wrong]).mean()

    shares = torch.tensor([[-0.5, 0, 0.25], [0.75, 1, 1.5]], dtype=bench.dtype, device=bench.device)
    mixed = [metric(corrupted + share * (clean - corrupted)) for share in shares.flatten()]
    return exercise.normalised_metric(torch.stack(mixed).reshape(2, 3), metric(clean), metric(corrupted))


def on_ends_that_coincide(exercise, bench, *, clean, corrupted):
    try:
        found = exercise.normalised_metric(bench.normal(2, 3, seed=0), *ends(bench, clean, corrupted))
    except ValueError:
        return {"raised": "ValueError", "zeros": None}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__, "zeros": None}
    return {"raised": "nothing", "zeros": not bool(found.any())}


@pytest.mark.points(1)
def test_on_random_values(compare, seed):
    """Random values of several shapes, also a single number; the clean end above or below the corrupted one."""
    for shape, clean, corrupted in [
        ([3, 5], 3.5, -2.0),
        ([2, 1, 3, 2], -1.5, 2.5),
        ([], 4.0, 1.0),
        ([1], -1.0, -3.0),
    ]:
        compare(on_random_values, shape=shape, clean=clean, corrupted=corrupted, seed=seed)


def assert_known(found, clean, corrupted):
    assert np.allclose(found, [0, 1, 0.5, 2, -1], atol=1e-4), (
        f"with clean {clean} and corrupted {corrupted} the values [corrupted, clean, middle, one length above "
        "clean, one below corrupted] should become [0, 1, 0.5, 2, -1]"
    )


@pytest.mark.points(1)
def test_ends_middle_and_beyond(compare):
    """0 on corrupted, 1 on clean, one half in the middle, 2 and -1 beyond; also where the ends are close together."""
    for clean, corrupted in [(4.0, -3.0), (-2.0, 6.0), (0.0001, 0.0), (7.0, 5.0)]:
        assert_known(compare(on_known_values, clean=clean, corrupted=corrupted), clean, corrupted)


@pytest.mark.supporting  # the shares are the same, whatever the seed is
@pytest.mark.points(1)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_course_model(compare, seed):
    """Logits of the course model, mixed from the clean and the corrupted run: the share of the clean one comes back."""
    found = compare(on_mixed_logits, count=3, seed=seed)
    assert np.allclose(found, [[-0.5, 0, 0.25], [0.75, 1, 1.5]], atol=1e-3), (
        "the logit difference is linear in the logits, so its normalised value is the share of the clean run's logits"
    )


@pytest.mark.points(2)
def test_clear_errors(compare):
    """Ends that are equal, exactly or up to rounding, raise a ValueError; others do not, however small or close they are."""
    # The last three differ by a thousandth and by thirty millionths of their size, which is no rounding.
    apart = [(3e-9, 1e-9), (-1e-15, 1e-15), (1 + 2**-10, 1.0), (-2000.0, -2002.0), (1 + 2**-15, 1.0)]
    for clean, corrupted in apart:
        assert_known(compare(on_known_values, clean=clean, corrupted=corrupted), clean, corrupted)
    # The last two differ by half a millionth of their size.
    same = [(2.5, 2.5), (0.0, 0.0), (300.0, 300.00003), (-4.0, -4.0000004), (1e-9, 1.0000001e-9), (1.0, 1 + 2**-21)]
    for clean, corrupted in [*same, (-2000.0, -2000 * (1 + 2**-21))]:
        compare(on_ends_that_coincide, clean=clean, corrupted=corrupted)
