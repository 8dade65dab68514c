"""Grader of `logit_difference`: the difference, and the scale of `normalised_metric`."""

import numpy as np
import pytest

from interp.words import IOI_WORDS


def question(bench, batch, pos, d_vocab, seed):
    """Logits with a different end for each prompt, and two different tokens to compare."""
    import torch

    logits = 3 * bench.normal(batch, pos, d_vocab, seed=seed)
    answer = bench.integers(0, d_vocab, (batch,), seed=seed + 1)
    wrong = (answer + bench.integers(1, d_vocab, (batch,), seed=seed + 2)) % d_vocab
    end = (torch.arange(batch, device=bench.device) * 2 + 1) % (pos - 1) + 1
    return logits, answer, wrong, end


def on_random_logits(exercise, bench, *, batch, pos, d_vocab, seed):
    logits, answer, wrong, end = question(bench, batch, pos, d_vocab, seed)
    return {
        "mean": exercise.logit_difference(logits, answer, wrong, end),
        "per_prompt": exercise.logit_difference(logits, answer, wrong, end, per_prompt=True),
        "answers_exchanged": exercise.logit_difference(logits, wrong, answer, end, per_prompt=True),
    }


def on_known_logits(exercise, bench, *, batch):
    """Prompt b ends at b + 1, where its answer has 2 + b and the wrong one 1; the padding shouts for the wrong one."""
    import torch

    logits = torch.zeros(batch, batch + 3, 7, dtype=bench.dtype, device=bench.device)
    rows = torch.arange(batch, device=bench.device)
    answer, wrong, end = rows % 3, rows % 3 + 3, rows + 1
    for row in range(batch):
        logits[row, end[row] + 1 :, wrong[row]] = 100
        logits[row, : end[row], wrong[row]] = 10
        logits[row, end[row], 6] = 200  # a third token that beats both, so that their probabilities are 0
    logits[rows, end, answer] = (2 + rows).to(bench.dtype)
    logits[rows, end, wrong] = 1
    each = exercise.logit_difference(logits, answer, wrong, end, per_prompt=True)
    return {
        "mean": exercise.logit_difference(logits, answer, wrong, end),
        "per_prompt": each,
        # As numbers too: where all of a tensor is NaN, it says less than its entries.
        "of_the_first_prompts": (each.tolist() * 8)[:8] if isinstance(each, torch.Tensor) and each.ndim else None,
    }


def on_gradient(exercise, bench, *, batch, pos, d_vocab, seed):
    """Of the mean, and of the sum of all prompts' differences."""
    found = {}
    for name, asked in (("mean", {}), ("per_prompt", {"per_prompt": True})):
        logits, answer, wrong, end = question(bench, batch, pos, d_vocab, seed)
        logits.requires_grad_()
        value = exercise.logit_difference(logits, answer, wrong, end, **asked)
        if getattr(value, "requires_grad", False):
            value.sum().backward()
        none = "there is none: the result does not hang on the logits"
        gradient = none if logits.grad is None else logits.grad
        found[name] = {"gradient": gradient, "shape": list(getattr(value, "shape", ["no tensor"]))}
    return found


def on_course_model(exercise, bench, *, count, seed):
    import torch

    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, seed)
    tokens = bench.tokens([prompt.clean for prompt in prompts])
    ends = [bench.tokens(prompt.clean).shape[1] - 1 for prompt in prompts]
    # The first token of a name: where a name is several tokens, the difference is still defined.
    ids = [
        [bench.model.to_tokens(text, prepend_bos=False)[0, 0] for text in (prompt.answer, prompt.wrong)]
        for prompt in prompts
    ]
    answer, wrong = torch.tensor(ids, device=bench.device).unbind(1)
    asked = (bench.run(tokens), answer, wrong, torch.tensor(ends, device=bench.device))
    return {
        "mean": exercise.logit_difference(*asked),
        "per_prompt": exercise.logit_difference(*asked, per_prompt=True),
    }


def on_arguments_that_do_not_fit(exercise, bench, *, entries):
    """What is raised where one of the three has another number of entries than there are prompts, with and without
    `per_prompt`.
    """
    logits, *rest = question(bench, 4, 6, 5, 0)
    outcomes = {}
    for misfit, what in enumerate(("answer", "wrong", "end")):
        for count in entries:
            given = [each.repeat(2)[:count] if place == misfit else each for place, each in enumerate(rest)]
            for per_prompt in (False, True):
                case = f"{what} with {count} entries, per_prompt={per_prompt}"
                try:
                    exercise.logit_difference(logits, *given, per_prompt)
                    outcomes[case] = "nothing"
                except NotImplementedError:
                    raise
                except Exception as error:
                    outcomes[case] = type(error).__name__
    return outcomes


def assert_mean(found):
    assert np.isclose(found["mean"], np.mean(found["per_prompt"]), rtol=1e-4, atol=1e-4), (
        "the mean should be the mean of the differences of the single prompts"
    )


@pytest.mark.points(1)
def test_on_random_logits(compare, seed):
    """Random logits in several shapes, with an end for each prompt: the mean, each prompt, and the answers exchanged."""
    for batch, pos, d_vocab in [(3, 7, 11), (5, 4, 6), (1, 6, 5)]:
        found = compare(on_random_logits, batch=batch, pos=pos, d_vocab=d_vocab, seed=seed)
        assert_mean(found)
        assert np.allclose(found["per_prompt"], -found["answers_exchanged"], atol=1e-5), (
            "exchanging the answers should change the sign of every difference and nothing else"
        )


@pytest.mark.points(1)
def test_on_known_logits(compare):
    """Logits whose differences are 1, 2, 3, …; before and after the end, and as probabilities, they give something else."""
    for batch in (2, 5):
        found = compare(on_known_logits, batch=batch)
        expected = [float(number) for number in range(1, batch + 1)]
        assert np.allclose(found["per_prompt"], expected, atol=1e-4), f"the differences should be {expected}"
        assert np.isclose(found["mean"], np.mean(expected), atol=1e-4), f"the mean of {expected} is {np.mean(expected)}"


@pytest.mark.points(1)
def test_gradient(compare, seed):
    """A gradient can be taken of the mean (1 / batch at each answer, minus that at each wrong one), and of each prompt's."""
    found = compare(on_gradient, batch=4, pos=5, d_vocab=6, seed=seed)
    for name, total in (("mean", 2), ("per_prompt", 8)):
        assert np.isclose(np.abs(found[name]["gradient"]).sum(), total, atol=1e-4), (
            "one share for each answer and each wrong one"
        )


@pytest.mark.points(1)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_course_model(compare, seed):
    """The course model on IOI prompts of several lengths, padded on the right."""
    assert_mean(compare(on_course_model, count=6, seed=seed))


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Answers or ends that are not one for each prompt raise a ValueError; those that fit do not."""
    compare(on_random_logits, batch=4, pos=6, d_vocab=5, seed=0)
    compare(on_arguments_that_do_not_fit, entries=[1, 3, 5, 7])


# --- the scale ---


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
    try:
        return exercise.normalised_metric(value, *ends(bench, clean, corrupted))
    except ValueError:
        return f"ValueError for the ends {clean:g} and {corrupted:g}"


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


def on_ends_that_coincide(exercise, bench, *, same, shapes):
    """What is raised for ends that are the same; for the first two, with maps of several shapes."""
    outcomes = {}
    for place, (clean, corrupted) in enumerate(same):
        for shape in shapes if place < 2 else shapes[:1]:
            case = f"ends {clean!r} and {corrupted!r}, map {shape}"
            try:
                found = exercise.normalised_metric(bench.normal(*shape, seed=0), *ends(bench, clean, corrupted))
                outcomes[case] = "nothing" if bool(found.any()) else "nothing, and the result is zero everywhere"
            except NotImplementedError:
                raise
            except Exception as error:
                outcomes[case] = type(error).__name__
    return outcomes


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
def test_on_mixed_logits(compare, seed):
    """Logits of the course model, mixed from the clean and the corrupted run: the share of the clean one comes back."""
    found = compare(on_mixed_logits, count=3, seed=seed)
    assert np.allclose(found, [[-0.5, 0, 0.25], [0.75, 1, 1.5]], atol=1e-3), (
        "the logit difference is linear in the logits, so its normalised value is the share of the clean run's logits"
    )


@pytest.mark.points(2)
def test_ends_that_coincide(compare):
    """Ends that are equal, exactly or up to rounding, raise a ValueError; others do not, however small or close they are."""
    # Rounding errors, then half a millionth of the size. No fixed distance between 1e-10 and 1e-5 decides about any of these.
    rounding = [
        (300.0, 300.00003),
        (-400.0, -400.00003),
        (1e-9, 1.0000001e-9),
        (-700.0, -700.00006),
        (900.0, 900.00006),
    ]
    rounding += [(-5000.0, -5000.0005), (-1e-12, -1.0000001e-12), (8000.0, 8000.0005), (-300.0, -300.00003)]
    half = [(size, size * (1 + 2**-21)) for size in (128.0, 256.0, 1024.0, -2000.0, -128.0, 4096.0, -600.0)]
    same = [(2.5, 2.5), (0.0, 0.0), *rounding, *half]
    compare(on_ends_that_coincide, same=same, shapes=[[2, 3], [4], [], [1], [2, 1, 3], [5, 2]])
    # The last three differ by a thousandth and by thirty millionths of their size, which is no rounding.
    apart = [(3e-9, 1e-9), (-1e-15, 1e-15), (1 + 2**-10, 1.0), (-2000.0, -2002.0), (1 + 2**-15, 1.0)]
    for clean, corrupted in apart:
        assert_known(compare(on_known_values, clean=clean, corrupted=corrupted), clean, corrupted)
