"""Grader of `attribute_latents`."""

import numpy as np
import pytest


def the_sae(bench, hook, d_sae, seed):
    from interp.saes import random_sae

    return random_sae(bench, hook.format(last=bench.n_layers - 1), d_sae=d_sae, seed=seed)


def the_metric(bench, batch, seed):
    """A contrast of two random tokens at the last position, other ones for each prompt."""
    ids = bench.integers(0, bench.d_vocab // 2, (2, batch), seed=seed)

    def contrast(logits):
        rows = range(batch)
        return logits[rows, -1, ids[0]] - logits[rows, -1, ids[1] + bench.d_vocab // 2]

    return contrast


def of_random_sae(exercise, bench, *, hook, batch, pos, d_sae, seed):
    from interp.gradients_off import with_gradients_off

    sae = the_sae(bench, hook, d_sae, seed + 1)
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    found = exercise.attribute_latents(bench.model, sae, tokens, the_metric(bench, batch, seed + 2))
    others = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 3)
    of_others = with_gradients_off(
        lambda: exercise.attribute_latents(bench.model, sae, others, the_metric(bench, batch, seed + 2))
    )
    return {
        "attributions": found,
        "of_other_tokens": of_others,
        "graph": "hangs on the result" if found.requires_grad else "none",
        "hooks_left": bench.open_hooks(),
    }


class OwnError(Exception):
    """What a metric raises below."""


def with_an_error(exercise, bench, *, seed):
    """A metric that raises an error, when it is called for the first or the second time: whether hooks are left."""
    import torch

    sae = the_sae(bench, "blocks.0.hook_resid_post", 5, seed)
    tokens = bench.integers(0, bench.d_vocab, (2, 3), seed=seed)
    some = torch.tensor([1, 3], device=bench.device)
    found = {}
    for name, good, call in [
        ("attribution", 0, lambda metric: exercise.attribute_latents(bench.model, sae, tokens, metric)),
        ("ablation", 1, lambda metric: exercise.ablation_effects(bench.model, sae, tokens, metric, some)),
    ]:
        left = [good]

        def metric(logits, left=left):
            if not left[0]:
                raise OwnError
            left[0] -= 1
            return logits[:, -1, 0]

        try:
            call(metric)
            came_through = False
        except OwnError:
            came_through = True
        found[name] = {"error_comes_through": came_through, "hooks_left": bench.open_hooks()}
        bench.model.reset_hooks()
    return found


def by_ablation(exercise, bench, *, hook, batch, pos, d_sae, latents, seed):
    import torch

    sae = the_sae(bench, hook, d_sae, seed + 1)
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    chosen = torch.tensor(latents, device=bench.device)
    effects = exercise.ablation_effects(bench.model, sae, tokens, the_metric(bench, batch, seed + 2), chosen)
    return {"effects": effects, "hooks_left": bench.open_hooks()}


def linear_toy(bench, d_model, d_vocab, seed):
    """A model that is linear behind its only hook point: there the estimate is exact."""
    import torch
    from transformer_lens.hook_points import HookedRootModule, HookPoint

    class Toy(HookedRootModule):
        def __init__(self):
            super().__init__()
            self.embedding = bench.normal(d_vocab, d_model, seed=seed)
            self.mixing = bench.normal(6, 6, seed=seed + 1)
            self.W_U = bench.normal(d_model, d_vocab, seed=seed + 2)
            self.hook_stream = HookPoint()
            self.setup()

        def forward(self, tokens):
            stream = self.hook_stream(self.embedding[tokens])
            pos = tokens.shape[1]
            return torch.einsum("qp,bpd,dv->bqv", self.mixing[:pos, :pos], stream, self.W_U)

    return Toy()


def on_a_linear_model(exercise, bench, *, batch, pos, d_model, d_vocab, d_sae, seed):
    """Both ways, on a model where they agree: [latent, batch]."""
    import torch

    from interp.saes import random_sae

    model = linear_toy(bench, d_model, d_vocab, seed)
    sae = random_sae(bench, "hook_stream", d_in=d_model, d_sae=d_sae, seed=seed + 3)
    tokens = bench.integers(0, d_vocab, (batch, pos), seed=seed + 8)
    rows = range(batch)
    ids = bench.integers(0, d_vocab // 2, (batch,), seed=seed + 9)

    def contrast(logits):
        return logits[rows, -1, ids] - logits[rows, -1, ids + d_vocab // 2]

    estimated = exercise.attribute_latents(model, sae, tokens, contrast).sum(dim=1).T
    everyone = torch.arange(d_sae, device=bench.device)
    return {"estimated": estimated, "measured": exercise.ablation_effects(model, sae, tokens, contrast, everyone)}


def on_names(exercise, bench, *, template, count, seed, k):
    """The course's SAE and a logit difference between names: the k latents with the largest effects, both ways."""
    import torch

    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, seed, template=template)
    tokens = bench.tokens([prompt.clean for prompt in prompts])
    right = bench.tokens([prompt.answer for prompt in prompts])[:, 1]
    wrong = bench.tokens([prompt.wrong for prompt in prompts])[:, 1]
    rows = range(count)

    def logit_difference(logits):
        return logits[rows, -1, right] - logits[rows, -1, wrong]

    sae, name = bench.sae, bench.sae.cfg.metadata.hook_name
    # Those that are most active: what is held against the learner's result must not depend on it.
    strength = sae.encode(bench.cache(tokens, [name])[name])[:, 1:].sum(dim=(0, 1))
    latents = strength.topk(k).indices.sort().values
    attributions = exercise.attribute_latents(bench.model, sae, tokens, logit_difference)
    effects = exercise.ablation_effects(bench.model, sae, tokens, logit_difference, latents)
    return {
        "estimated": attributions[..., latents].sum(dim=1).T,
        "measured": effects,
        "latents": torch.as_tensor(latents),
    }


@pytest.mark.points(4)
def test_attributions(compare, seed):
    """Random SAEs at several hook points; also where gradients are switched off; no hook stays, also after an error."""
    for hook, batch, pos, d_sae in [
        ("blocks.0.hook_resid_post", 2, 5, 7),
        ("blocks.{last}.hook_resid_pre", 3, 4, 9),
        ("blocks.{last}.hook_resid_post", 2, 3, 6),
        ("blocks.0.hook_resid_pre", 1, 4, 5),
    ]:
        found = compare(of_random_sae, hook=hook, batch=batch, pos=pos, d_sae=d_sae, seed=seed)
        assert not found["hooks_left"], "hooks are left on the model: the next run would call them too"
        assert found["graph"] == "none", "the result still hangs on its graph: detach it"
    compare(with_an_error, seed=seed)


@pytest.mark.points(2)
def test_ablations(compare, seed):
    """The true effects of single latents, out of order, twice, and of one latent alone."""
    for hook, batch, pos, d_sae, latents in [
        ("blocks.0.hook_resid_post", 2, 5, 7, [6, 0, 3]),
        ("blocks.{last}.hook_resid_pre", 3, 4, 5, [1, 4]),
        ("blocks.0.hook_resid_pre", 1, 3, 5, [2, 2, 0]),
        ("blocks.0.hook_resid_post", 3, 4, 6, [5]),
    ]:
        found = compare(by_ablation, hook=hook, batch=batch, pos=pos, d_sae=d_sae, latents=latents, seed=seed)
        assert not found["hooks_left"], "hooks are left on the model: the next run would be ablated too"


@pytest.mark.points(2)
def test_linear_model(compare, seed):
    """Where the rest of the model is linear, estimate and ablation agree."""
    found = compare(on_a_linear_model, batch=3, pos=4, d_model=5, d_vocab=12, d_sae=8, seed=seed)
    close = np.allclose(found["estimated"], found["measured"], atol=1e-3)
    assert close, "behind a linear model the estimate is exact: both ways must give the same"


@pytest.mark.points(2)
@pytest.mark.needs("sae", "linear_sae")
def test_names(compare):
    """A logit difference between two names, with the course's SAE: the latents that are most active, estimated and ablated."""
    compare(on_names, template=0, count=3, seed=2, k=8)
