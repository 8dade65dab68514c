"""Grader of `patch_residual_hook`. A hook may edit in place, so it is called unguarded, with copies."""

import numpy as np
import pytest


def name_of(layer):
    return f"blocks.{layer}.hook_resid_pre"


def as_hook(exercise, position, clean, shapes):
    """The learner's function as a hook. It notes the shape of what comes back; another one would break the model."""

    def hook(resid, hook):
        try:
            patched = exercise.unguarded.patch_residual_hook(resid, hook, position, clean)
        except ValueError:
            shapes.append([f"ValueError for position {position} of {resid.shape[1]}"])
            return None
        shapes.append(list(getattr(patched, "shape", ["no tensor"])))
        return patched if shapes[-1] == list(resid.shape) else None

    return hook


def on_random_streams(exercise, bench, *, batch, pos, d_model, position, seed):
    """Twice, with other streams of the same shape the second time."""
    hook = bench.model.hook_dict[name_of(0)]
    found = {}
    for place, (patched, afterwards) in enumerate([("patched", "clean_afterwards"), ("again", "clean_after_that")]):
        resid, clean = (bench.normal(batch, pos, d_model, seed=seed + 2 * place + which) for which in range(2))
        try:
            found[patched] = exercise.unguarded.patch_residual_hook(resid, hook, position, clean)
        except ValueError:
            found[patched] = f"ValueError for position {position} of {pos}"
        found[afterwards] = clean
    return found


def on_course_model(exercise, bench, *, batch, pos, layer, position, seed):
    """The streams of two runs on random tokens, and the predictions when one is patched into the other."""
    layer = min(layer, bench.n_layers - 1)
    clean_tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    clean = bench.cache(clean_tokens, [name_of(layer)])[name_of(layer)]
    seen, shapes = [], []

    def look(resid, hook):
        seen.append(resid.clone())

    hooks = [(name_of(layer), as_hook(exercise, position, clean, shapes)), (name_of(layer), look)]
    logits = bench.model.run_with_hooks(tokens, fwd_hooks=hooks)
    return {
        "returned_shapes": shapes,
        "stream": seen[0],
        "last": logits[:, -1].log_softmax(-1),
        "hooks_left": next(iter(bench.open_hooks()), "nothing"),
    }


def on_every_position(exercise, bench, *, batch, pos, seed):
    """Patched at every position, one hook for each, the run is the clean one."""
    clean_tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    name = name_of(bench.n_layers - 1)
    clean = bench.cache(clean_tokens, [name])[name]
    shapes = []
    hooks = [(name, as_hook(exercise, position, clean, shapes)) for position in range(pos)]
    logits = bench.model.run_with_hooks(tokens, fwd_hooks=hooks)
    return {
        "returned_shapes": shapes,
        "patched": logits[:, -1].log_softmax(-1),
        "clean": bench.run(clean_tokens)[:, -1].log_softmax(-1),
    }


def on_streams_that_do_not_fit(exercise, bench, *, cases):
    """What is raised for streams of some shapes and a position."""
    outcomes = {}
    for shape, clean_shape, position in cases:
        resid, clean = bench.normal(*shape, seed=0), bench.normal(*clean_shape, seed=1)
        case = f"streams {shape} and {clean_shape}, position {position}"
        try:
            exercise.unguarded.patch_residual_hook(resid, bench.model.hook_dict[name_of(0)], position, clean)
            outcomes[case] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[case] = type(error).__name__
    return outcomes


@pytest.mark.points(4)
def test_on_random_streams(compare, seed):
    """Random streams of several shapes and batch sizes, patched at the first, a middle and the last position."""
    for batch, pos, d_model, position in [(4, 3, 5, 1), (2, 6, 3, 5), (5, 4, 2, 0), (1, 5, 4, 2)]:
        compare(on_random_streams, batch=batch, pos=pos, d_model=d_model, position=position, seed=seed)


@pytest.mark.points(2)
def test_on_course_model(compare, seed):
    """As a hook in the course model: the stream after the patch, the predictions, and no hook left behind."""
    for batch, pos, layer, position in [(3, 6, 1, 2), (2, 5, 2, 4)]:
        found = compare(on_course_model, batch=batch, pos=pos, layer=layer, position=position, seed=seed)
        assert found["hooks_left"] == "nothing", "a hook is still attached to the model"


@pytest.mark.points(2)
def test_every_position(compare, seed):
    """With every position patched, one after the other, the run is the clean one."""
    found = compare(on_every_position, batch=2, pos=4, seed=seed)
    assert np.allclose(found["patched"], found["clean"], atol=1e-3), (
        "when every position comes from the clean run, the predictions should be those of the clean run"
    )


@pytest.mark.points(2)
def test_clear_errors(compare):
    """Streams of different shapes, and a position that is not there, raise a ValueError; all others are patched."""
    for position in (0, 5):
        compare(on_random_streams, batch=3, pos=6, d_model=4, position=position, seed=0)
    # Several of each kind, so that it is seen which kind goes through: another batch, length, width, and other positions.
    shapes = [[3, 6, 4], [2, 3, 8], [4, 5, 3], [5, 4, 2], [2, 7, 6], [6, 3, 5]]
    other = [
        *((shape, [1, *shape[1:]], 2) for shape in shapes),
        *((shape, [shape[0], shape[1] + step, shape[2]], 1) for shape in shapes[:3] for step in (-1, 1)),
        *((shape, [*shape[:2], 1], 2) for shape in shapes),
        ([3, 6, 4], [2, 6, 4], 2),
        ([3, 6, 4], [3, 6, 5], 2),
    ]
    there_is_none = [(shape, shape, shape[1]) for shape in shapes]
    there_is_none += [(shape, shape, shape[1] + 3) for shape in shapes]
    there_is_none += [(shape, shape, -1) for shape in shapes]
    there_is_none += [(shape, shape, -1 - shape[1]) for shape in shapes]
    compare(on_streams_that_do_not_fit, cases=[*other, *there_is_none])
