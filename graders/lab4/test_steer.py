"""Grader of `steer`."""

import pytest


def the_sae(bench, hook, d_sae, seed, d_in=None):
    from interp.saes import random_sae

    return random_sae(bench, hook.format(last=bench.n_layers - 1), d_in=d_in, d_sae=d_sae, seed=seed)


def called(hook, value):
    """What the model would go on with: a hook that returns nothing leaves the activation as it is."""
    new = hook(value, hook=None)
    return {"new": value.clone() if new is None else new, "input_afterwards": value}


def of_steering_hook(exercise, bench, *, batch, pos, d_in, d_sae, latent, coefficient, seed):
    sae = the_sae(bench, "blocks.0.hook_resid_pre", d_sae, seed, d_in)
    return called(exercise.steering_hook(sae, latent, coefficient), bench.normal(batch, pos, d_in, seed=seed + 9))


def of_ablation_hook(exercise, bench, *, batch, pos, d_in, d_sae, latent, seed):
    """The same hook on one activation, and then on another of the same shape."""
    sae = the_sae(bench, "blocks.0.hook_resid_pre", d_sae, seed, d_in)
    hook = exercise.ablation_hook(sae, latent)
    first = called(hook, 3 * bench.normal(batch, pos, d_in, seed=seed + 9))
    return {**first, "second": called(hook, 3 * bench.normal(batch, pos, d_in, seed=seed + 10))["new"]}


def of_ablation_hook_on_course_sae(exercise, bench, *, text):
    """A latent of the course's SAE that is silent at the last position, and would not be with a plain ReLU, if there is one."""
    sae, name = bench.sae, bench.sae.cfg.metadata.hook_name
    value = bench.cache(bench.tokens(text), [name])[name]
    _, inside = sae.run_with_cache(value)  # pre-activations have a hook point in every kind of SAE
    would_be = inside["hook_sae_acts_pre"][0, -1]
    latent = int(would_be.masked_fill(sae.encode(value)[0, -1] > 0, 0).argmax())
    return called(exercise.ablation_hook(sae, latent), value)


def of_hooks_that_do_nothing(exercise, bench, *, batch, pos, d_in, d_sae, latent, seed):
    """A coefficient of 0, and the ablation of a latent that is never active."""
    sae = the_sae(bench, "blocks.0.hook_resid_pre", d_sae, seed, d_in)
    sae.b_enc[latent] = -1000
    value = bench.normal(batch, pos, d_in, seed=seed + 9)
    hooks = {"steering": exercise.steering_hook(sae, latent, 0.0), "ablation": exercise.ablation_hook(sae, latent)}
    return {name: called(hook, value)["new"] for name, hook in hooks.items()}


def generated(exercise, bench, *, hook, batch, pos, steps, coefficient, seed):
    """Random prompts, continued while a random direction is added that the scenario makes itself."""
    sae = the_sae(bench, hook, 5, seed + 1)
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)

    def add(value, hook):
        return value + coefficient * sae.W_dec[2]

    longer = exercise.steer(bench.model, tokens, sae.cfg.metadata.hook_name, add, steps)
    return {"tokens": longer, "hooks_left": bench.open_hooks()}


def towards_the_end_of_text(exercise, bench, *, batch, pos, steps, seed):
    """A hook on the last layer makes the end-of-text token the most likely one, as it may be in the middle of a text."""
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    end = bench.model.W_U[:, bench.bos]

    def add(value, hook):
        return value + 1000 * end

    longer = exercise.steer(bench.model, tokens, f"blocks.{bench.n_layers - 1}.hook_resid_post", add, steps)
    return {"tokens": longer, "hooks_left": bench.open_hooks()}


def once_the_end_of_text(exercise, bench, *, batch, pos, steps, seed):
    """A hook on the last layer makes the end-of-text token the most likely one, at the first step alone: the text goes on behind it."""
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    end = bench.model.W_U[:, bench.bos]

    def add(value, hook):
        return value + 1000 * end if value.shape[1] == pos else value - 1000 * end

    longer = exercise.steer(bench.model, tokens, f"blocks.{bench.n_layers - 1}.hook_resid_post", add, steps)
    return {"tokens": longer, "hooks_left": bench.open_hooks()}


def with_an_error(exercise, bench, *, seed):
    """A hook that raises an error: whether the error comes through, and whether hooks are left."""

    class OwnError(Exception):
        pass

    def fail(value, hook):
        raise OwnError

    tokens = bench.integers(0, bench.d_vocab, (1, 3), seed=seed)
    try:
        exercise.steer(bench.model, tokens, "blocks.0.hook_resid_pre", fail, 2)
        came_through = False
    except OwnError:
        came_through = True
    left = bench.open_hooks()
    bench.model.reset_hooks()
    return {"error_comes_through": came_through, "hooks_left": left}


def on_course_latents(exercise, bench, *, prompts, coefficients, steps):
    """The latent that is strongest at the end of the first prompt, added to the others and taken away from it."""
    tokens = bench.tokens(prompts)
    sae, name = bench.sae, bench.sae.cfg.metadata.hook_name
    latent = int(sae.encode(bench.cache(tokens, [name])[name])[0, -1].argmax())
    hooks = [exercise.steering_hook(sae, latent, coefficient) for coefficient in coefficients]
    hooks.append(exercise.ablation_hook(sae, latent))
    texts = [exercise.steer(bench.model, tokens, name, hook, steps) for hook in hooks]
    with_ablation = bench.model.run_with_hooks(tokens, fwd_hooks=[(name, hooks[-1])])
    return {"tokens": texts, "logits_without": with_ablation[:, -1, 3::41]}


@pytest.mark.points(2)
@pytest.mark.needs("sae", "linear_sae")
def test_hooks(compare, seed):
    """Both hooks on random activations, at all positions of every row."""
    for batch, pos, d_in, d_sae, latent, coefficient in [
        (2, 3, 7, 5, 4, 2.5),
        (3, 4, 5, 11, 0, -1.5),
        (1, 6, 4, 9, 6, 4.0),
    ]:
        shape = {"batch": batch, "pos": pos, "d_in": d_in, "d_sae": d_sae, "latent": latent, "seed": seed}
        for found in (compare(of_steering_hook, coefficient=coefficient, **shape), compare(of_ablation_hook, **shape)):
            assert found["new"].shape == found["input_afterwards"].shape
    compare(of_ablation_hook_on_course_sae, text="John and Mary went to the store")


@pytest.mark.points(1)
def test_nothing_changes(compare, seed):
    """A coefficient of 0 changes nothing, and the ablation of a silent latent changes nothing."""
    compare(of_hooks_that_do_nothing, batch=2, pos=3, d_in=6, d_sae=8, latent=5, seed=seed)


@pytest.mark.points(2)
@pytest.mark.needs("sae", "linear_sae")
def test_generation(compare, seed):
    """Greedy continuations of random prompts and of texts, with the hook at every step."""
    for hook, batch, pos, steps, coefficient in [
        ("blocks.0.hook_resid_post", 2, 4, 3, 20.0),
        ("blocks.{last}.hook_resid_pre", 3, 3, 1, -15.0),
        ("blocks.0.hook_resid_pre", 2, 5, 0, 1.0),
        ("blocks.0.hook_resid_post", 1, 1, 2, 10.0),
    ]:
        found = compare(generated, hook=hook, batch=batch, pos=pos, steps=steps, coefficient=coefficient, seed=seed)
        assert not found["hooks_left"], "hooks are left on the model: the next run would be steered too"
    found = compare(towards_the_end_of_text, batch=2, pos=3, steps=3, seed=seed)
    assert not found["hooks_left"], "hooks are left on the model: the next run would be steered too"
    compare(once_the_end_of_text, batch=2, pos=4, steps=3, seed=seed)
    found = compare(with_an_error, seed=seed)
    assert not found["hooks_left"], "after an error in the hook, hooks are left on the model"
    prompts = ["The capital of France is", "The capital of Japan is", "The capital of Egypt is"]
    compare(on_course_latents, prompts=prompts, coefficients=[0.0, 12.0, -20.0], steps=2)
