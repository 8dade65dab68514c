"""Grader of `splice_loss`."""

import pytest


def silence(latent):
    """An edit that silences one latent."""

    def edit(latents):
        latents = latents.clone()
        latents[..., latent] = 0
        return latents

    return edit


def silence_in_place(latent):
    """An edit that writes into the latents that it is given."""

    def edit(latents):
        latents[..., latent] = 0
        return latents

    return edit


def edits(number):
    """The edits that checks name by a word, so that their inputs are plain data."""
    return {
        "none": None,
        "silence": silence(number),
        "silence_all": lambda latents: latents * 0,
        "double": lambda latents: latents * 2,
        "negate": lambda latents: -latents,
        "silence_in_place": silence_in_place(number),
    }


def batch_of_texts(bench, lengths, pos, seed):
    """Random tokens; the first position is special, and so is everything behind a row's length.

    Special positions are scattered where ``lengths`` is a number of rows: row 0 begins with text, and special ones stand
    at the beginning, in the middle and at the end of rows.
    """
    import torch

    if isinstance(lengths, int):
        text = bench.uniform(lengths, pos, seed=seed + 7) < 0.6
        text[0, :3] = torch.tensor([True, False, True])
        text[1, :2] = torch.tensor([False, True])
        text[2:, :2] = False
        text[:, -1] = True
        return bench.integers(0, bench.d_vocab, (lengths, pos), seed=seed), text

    tokens = bench.integers(0, bench.d_vocab, (len(lengths), pos), seed=seed)
    place = torch.arange(pos, device=bench.device)
    text = (place >= 1) & (place <= torch.tensor(lengths, device=bench.device)[:, None])
    return tokens, text


def measured(exercise, bench, sae, tokens, text, error_term, edit):
    loss = exercise.splice_loss(bench.model, sae, tokens, text, error_term, edit)
    return {"loss": loss, "hooks_left": bench.open_hooks()}


def on_random_sae(exercise, bench, *, hook, d_sae, lengths, pos, error_term, edit, seed):
    from interp.saes import random_sae

    sae = random_sae(bench, hook.format(last=bench.n_layers - 1), d_sae=d_sae, seed=seed + 1)
    tokens, text = batch_of_texts(bench, lengths, pos, seed)
    return measured(exercise, bench, sae, tokens, text, error_term, edits(1)[edit])


def clean_loss(bench, tokens, text):
    logs = bench.run(tokens)[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]
    return -logs[text[:, 1:]].mean().item()


def with_error_term(exercise, bench, *, hook, d_sae, lengths, pos, seed):
    """Nothing is edited and the error term is there: the loss of the model itself."""
    from interp.saes import random_sae

    sae = random_sae(bench, hook, d_sae=d_sae, seed=seed + 1)
    tokens, text = batch_of_texts(bench, lengths, pos, seed)
    return measured(exercise, bench, sae, tokens, text, True, None) | {"clean": clean_loss(bench, tokens, text)}


class OwnError(Exception):
    """What an edit raises below."""


def after_an_error(exercise, bench, *, seed):
    """An edit that raises an error: whether the error comes through, and whether hooks are left."""
    from interp.saes import random_sae

    def fail(latents):
        raise OwnError

    sae = random_sae(bench, "blocks.0.hook_resid_post", d_sae=5, seed=seed + 1)
    tokens, text = batch_of_texts(bench, [3, 2], 5, seed)
    try:
        exercise.splice_loss(bench.model, sae, tokens, text, True, fail)
        came_through = False
    except OwnError:
        came_through = True
    left = bench.open_hooks()
    bench.model.reset_hooks()
    return {"error_comes_through": came_through, "hooks_left": left}


def with_a_perfect_sae(exercise, bench, *, hook, lengths, pos, seed):
    """Two latents for each dimension, one for each sign: nothing is missed, and no error term is needed."""
    import torch

    from interp.saes import random_sae

    sae = random_sae(bench, hook, d_sae=2 * bench.d_model, seed=seed + 1)
    one = torch.eye(bench.d_model, dtype=bench.dtype, device=bench.device)
    sae.W_enc.copy_(torch.cat([one, -one], dim=1))
    sae.W_dec.copy_(torch.cat([one, -one], dim=0))
    sae.b_enc.zero_()
    tokens, text = batch_of_texts(bench, lengths, pos, seed)
    return measured(exercise, bench, sae, tokens, text, False, None) | {"clean": clean_loss(bench, tokens, text)}


def on_course_sae(exercise, bench, *, texts, error_term, edit):
    """The course's SAE on padded texts; the latent that is silenced is the strongest one there."""
    tokens = bench.tokens(texts)
    text = tokens != bench.bos
    name = bench.sae.cfg.metadata.hook_name
    strongest = int(bench.sae.encode(bench.cache(tokens, [name])[name])[text].sum(dim=0).argmax())
    return measured(exercise, bench, bench.sae, tokens, text, error_term, edits(strongest)[edit])


TEXTS = ["Mary and John went to the store. John gave a bottle to Mary.", "The capital of France is Paris."]


@pytest.mark.points(2)
def test_random_saes(compare, seed):
    """Random SAEs at several hook points, with and without error term and edits; special positions anywhere."""
    for hook, d_sae, lengths, pos, error_term, edit in [
        ("blocks.0.hook_resid_post", 8, 3, 8, True, "silence_all"),
        ("blocks.0.hook_resid_post", 8, 3, 8, False, "negate"),
        ("blocks.{last}.hook_resid_post", 6, [5, 3], 6, False, "double"),
        ("blocks.0.hook_resid_pre", 7, [5, 2, 4], 6, False, "none"),
        ("blocks.{last}.hook_resid_pre", 11, [3, 6], 7, True, "silence_all"),
        ("blocks.0.hook_resid_post", 9, [4, 1, 2, 3], 5, True, "double"),
        ("blocks.{last}.hook_resid_pre", 8, [6], 7, True, "silence_in_place"),
    ]:
        found = compare(
            on_random_sae,
            hook=hook,
            d_sae=d_sae,
            lengths=lengths,
            pos=pos,
            error_term=error_term,
            edit=edit,
            seed=seed,
        )
        assert not found["hooks_left"], "hooks are left on the model: the next run would be spliced too"
    assert not compare(after_an_error, seed=seed)["hooks_left"], "after an error in `edit`, hooks are left on the model"


@pytest.mark.points(1)
def test_nothing_lost(compare, seed):
    """With the error term, or with an SAE that misses nothing, the loss is the model's own."""
    found = compare(with_error_term, hook="blocks.0.hook_resid_post", d_sae=8, lengths=[5, 3, 4], pos=6, seed=seed)
    assert abs(found["loss"] - found["clean"]) < 1e-3, (
        "with the error term nothing has changed: the loss must not either"
    )
    found = compare(with_a_perfect_sae, hook="blocks.0.hook_resid_post", lengths=[2, 4], pos=6, seed=seed)
    assert abs(found["loss"] - found["clean"]) < 1e-3, "this SAE reconstructs everything: the loss must not change"


@pytest.mark.points(2)
@pytest.mark.needs("sae", "linear_sae")
def test_course_sae(compare):
    """The course's SAE on texts: with and without error term, and with a latent silenced."""
    for error_term, edit in [(False, "silence_all"), (False, "none"), (True, "none"), (True, "silence")]:
        compare(on_course_sae, texts=TEXTS, error_term=error_term, edit=edit)
