"""Grader of `latent_activations`."""

import numpy as np
import pytest

#: Texts of unequal length, so that a batch is padded.
TEXTS = ["The capital of France is Paris.", "Mary and John went to the store", "My cat likes bread"]


def some(latents):
    """Every fifth latent of a wide SAE: enough to compare."""
    return latents[..., 1::5] if latents.shape[-1] > 50 else latents


def plain(result):
    latents, places = result
    return {"latents": some(latents), "places": places}


def the_sae(bench, hook, d_sae, seed):
    from interp.saes import random_sae

    return random_sae(bench, hook.format(last=bench.n_layers - 1), d_sae=d_sae, seed=seed)


def tokens_with_special(bench, batch, pos, special, seed):
    """Random tokens; special ones at the start, at the end of some rows, and now and then within."""
    import torch

    tokens = bench.integers(0, bench.d_vocab - len(special), (batch, pos), seed=seed)
    ids = torch.tensor([bench.d_vocab - 1 - place for place in range(len(special))], device=bench.device)
    for number, places in zip(ids, special, strict=True):
        for row, position in places:
            tokens[row, position] = number
    return tokens, ids


def on_random_tokens(exercise, bench, *, hook, batch, pos, d_sae, special, seed):
    if bench.is_parallel:
        hook = hook.replace("resid_mid", "attn_out")
    tokens, ids = tokens_with_special(bench, batch, pos, special, seed)
    sae = the_sae(bench, hook, d_sae, seed + 1)
    found = plain(exercise.latent_activations(bench.model, sae, tokens, ids))
    return found | {"hooks_left": bench.open_hooks()}


def deep_model(bench, seed):
    """A tiny random model with twelve layers: the number of a layer can have two digits."""
    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": 12, "d_model": 8, "n_ctx": 8, "d_head": 4, "n_heads": 2, "d_vocab": 15}
    return small_model(bench, normal_weights(bench, 0.5, seed), **sizes, attn_only=True)


def on_a_deep_model(exercise, bench, *, d_sae, seed):
    """An SAE in layer 10: a batch with the same text twice, other texts of the same shape with a row of special tokens, and special tokens alone."""
    import torch

    from interp.saes import random_sae

    model = deep_model(bench, seed)
    sae = random_sae(bench, "blocks.10.hook_resid_post", d_in=8, d_sae=d_sae, seed=seed + 1)
    special = torch.tensor([14, 13], device=bench.device)
    first, second = (bench.integers(0, 13, (4, 6), seed=seed + 2 + place) for place in range(2))
    first[1] = first[0]
    first[:, 0], first[3, 2], second[:, 0], second[2, 1], second[1] = 14, 13, 14, 14, 14
    found = [plain(exercise.latent_activations(model, sae, tokens, special)) for tokens in (first, second)]
    return {"texts": found, "special_alone": on_special_alone(exercise, model, sae, special)}


def on_special_alone(exercise, model, sae, special):
    """Two rows of special tokens: two empty results, whose shapes are all that there is to compare."""
    try:
        found = plain(exercise.latent_activations(model, sae, special.repeat(2, 3), special))
    except NotImplementedError:
        raise
    except Exception:  # of what kind depends on how it was computed
        return "stops with an error"
    shapes = [str(list(part.shape)) if hasattr(part, "shape") else "no tensor" for part in found.values()]
    return found | {"shapes": " and ".join(shapes)}


def on_texts(exercise, bench, *, texts):
    """The course's own SAE on padded texts."""
    import torch

    special = torch.tensor([bench.bos, bench.model.tokenizer.pad_token_id], device=bench.device)
    return plain(exercise.latent_activations(bench.model, bench.sae, bench.tokens(texts), special))


def on_a_text_alone_and_in_a_batch(exercise, bench, *, texts):
    """How many latents are active at each token of the first text, encoded alone and among longer ones."""
    import torch

    special = torch.tensor([bench.bos, bench.model.tokenizer.pad_token_id], device=bench.device)
    results = []
    for batch in (texts[:1], texts):
        latents, places = exercise.latent_activations(bench.model, bench.sae, bench.tokens(batch), special)
        results.append(latents[places[:, 0] == 0])
    return {"alone": some(results[0]), "among_others": some(results[1])}


@pytest.mark.points(2)
def test_on_random_tokens(compare, seed):
    """SAEs at several hook points, with special tokens at the start, at the end and in between."""
    for hook, batch, pos, d_sae, special in [
        ("blocks.0.hook_resid_pre", 3, 6, 7, [[[0, 0], [1, 0], [2, 0]]]),
        ("blocks.{last}.hook_resid_post", 2, 7, 9, [[[0, 0], [1, 0]], [[1, 4], [1, 5], [1, 6]]]),
        ("blocks.0.hook_resid_post", 4, 5, 11, [[[0, 0], [2, 4], [3, 2], [3, 4]]]),
        ("blocks.{last}.hook_resid_pre", 2, 5, 6, [[]]),
        ("blocks.0.hook_resid_mid", 1, 1, 4, [[]]),
    ]:
        found = compare(on_random_tokens, hook=hook, batch=batch, pos=pos, d_sae=d_sae, special=special, seed=seed)
        assert not found["hooks_left"], "hooks are left on the model: the next run would call them too"
        left_out = sum(map(len, special))
        assert len(found["latents"]) == batch * pos - left_out, "one entry for every position that is not special"
    compare(on_a_deep_model, d_sae=7, seed=seed)


@pytest.mark.points(2)
@pytest.mark.needs("sae")
def test_on_texts(compare):
    """The course's SAE on texts of unequal length."""
    found = compare(on_texts, texts=TEXTS)
    assert found["places"][:, 1].min() == 1, "position 0 is BOS in every text"


@pytest.mark.points(1)
@pytest.mark.needs("sae")
def test_padding_changes_nothing(compare):
    """A text has the same latents alone and in a batch with longer ones."""
    found = compare(on_a_text_alone_and_in_a_batch, texts=[TEXTS[2], TEXTS[0]])
    assert found["alone"].shape == found["among_others"].shape, "padding adds entries to the shorter text"
    assert np.allclose(found["alone"], found["among_others"], atol=1e-3), "padding changes the latents of a text"
