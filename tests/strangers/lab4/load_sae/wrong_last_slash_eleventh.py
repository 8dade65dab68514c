# WRONG: the name is divided at the last slash, so an id with a slash in it loses its beginning to the release; promised: 'otherwise `"release/id"`, where the release is what stands before the first `/`'
# Generated from solutions/lab4/load_sae.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Somebody else's autoencoder
#
# A **sparse autoencoder** (SAE) describes an activation $\mathbf{x}$ of a model as a sum of a few directions, chosen
# from many. It has two halves:
#
# - the **encoder** turns $\mathbf{x}$ into **latents** $f_1, f_2, \dots$: many numbers, most of them exactly 0. A
#   latent that is not 0 is *active*; we also say that it *fires*;
# - the **decoder** has one **direction** $\mathbf{d}_j$ for each latent, row $j$ of a matrix $W_{\mathrm{dec}}$, and
#   adds them up: $\hat{\mathbf{x}} = \sum_j f_j\, \mathbf{d}_j + \mathbf{b}_{\mathrm{dec}}$. This is the
#   **reconstruction**, and it should be close to $\mathbf{x}$.
#
# **A small example.** Two directions $\mathbf{d}_1 = (1, 0)$ and $\mathbf{d}_2 = (0, 2)$, no bias, and the activation
# $(3.1, 0)$. If the latents are $f_1 = 3$ and $f_2 = 0$, the reconstruction is $(3, 0)$.
#
# Later in this lab you will write both halves and train them. First see what an SAE is good for, with somebody else's.
# In practice you will also load an SAE more often than train one.
#
# A **release** is a family of SAEs that were published together. An **id** names one of them, usually by its place in
# the model. On your own disk an SAE is a folder with a `cfg.json` and its weights. One function should load both:
#
# | place | what it means | SAELens |
# |---|---|---|
# | an existing folder | an SAE on disk | `SAE.load_from_disk(folder, …)` |
# | `"release/id"` | a published SAE; the part before the *first* `/` is the release | `SAE.from_pretrained(release, id, …)` |
#
# For example, `"gpt2-small-res-jb/blocks.8.hook_resid_pre"` is the release `gpt2-small-res-jb` and the id
# `blocks.8.hook_resid_pre`.
#
# You get a PyTorch module whose parameters require gradients. For interpretation freeze the module: eval mode, and
# `requires_grad` off. Otherwise every forward pass builds a graph.
#
# An SAE knows where it belongs: `sae.cfg.metadata.hook_name` is the **hook point** whose activations it was trained on.
# Only there do its latents mean anything. On another layer of the same model the SAE still runs, because the shapes
# fit, and it returns worthless numbers. So take the hook point from the SAE, never from memory. And check what you can
# check: the model has this hook point, and its activations have the width that the SAE expects.
#
# **Shapes.** Tokens: `[batch, pos]`; activations and reconstruction: `[batch, pos, d_in]`; latents:
# `[batch, pos, d_sae]`.
#
# Sources: [SAELens](https://github.com/decoderesearch/SAELens), whose documentation lists the published releases; for
# GPT-2 small, Bloom 2024, [Open Source Sparse Autoencoders for all Residual Stream Layers of
# GPT2-Small](https://www.lesswrong.com/posts/f9EgfLSurAiqRJySD).

# %%
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from sae_lens import SAE
from torch import Tensor


# %%
def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    """Load a sparse autoencoder from a folder or by the name of its release.

    Args:
        place: an existing folder, by an absolute or a relative path; otherwise `"release/id"`, where the release is what stands
            before the first `/`. It is never empty.
        device: the torch device of the weights, by its name.
        dtype: the type of the weights, by its name: `"float32"` or `"float64"`.

    Returns:
        The `sae_lens.SAE`, in eval mode, none of its parameters with gradients.

    Raises:
        ValueError: there is no such folder, release or id, or it cannot be loaded; the text contains `place`.

    """
    try:
        if Path(place).is_dir():
            sae = SAE.load_from_disk(place, device=device, dtype=dtype)
        else:
            release, slash, sae_id = place.rpartition("/")
            if not (release and slash and sae_id):
                raise ValueError("there is no such folder, and a published SAE is written release/id")
            sae = SAE.from_pretrained(release, sae_id, device=device, dtype=dtype)
    except Exception as error:
        raise ValueError(f"no autoencoder could be loaded from {place}: {error}") from error
    sae.eval()
    for parameter in sae.parameters():
        parameter.requires_grad_(False)
    return sae


def place_sae(sae: Any, model: Any, tokens: Int[Tensor, "batch pos"]) -> dict[str, str | Float[Tensor, "batch pos _"]]:
    """Run a model and look at its activations through an SAE, where that belongs.

    Args:
        sae: a `sae_lens.SAE`.
        model: a TransformerLens model.
        tokens: shape `[batch, pos]`.

    Returns:
        `"hook_name"`, where the SAE belongs; the `"activations"` there, shape `[batch, pos, d_in]`; their `"latents"`, shape
        `[batch, pos, d_sae]`; and the `"reconstruction"`, shape `[batch, pos, d_in]`.

    Raises:
        ValueError: the model has no such hook point, or its activations there are not `d_in` wide; the text names the hook
            point, or both widths.

    """
    name = sae.cfg.metadata.hook_name
    if name not in model.hook_dict:
        raise ValueError(f"the model has no hook point {name}")
    seen: list[Tensor] = []

    def look(value: Tensor, hook: Any) -> None:
        seen.append(value.detach().clone())

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(name, look)])
        if not seen:
            raise ValueError(f"nothing passes through the model's hook point {name}")
        activations = seen[-1]
        width, expected = activations.shape[-1], sae.cfg.d_in
        if width != expected:
            raise ValueError(f"the activations at {name} are {width} wide, the SAE expects {expected}")
        latents = sae.encode(activations)
        reconstruction = sae.decode(latents)
    return {"hook_name": name, "activations": activations, "latents": latents, "reconstruction": reconstruction}


# %% [markdown]
# **Look at it.** The course's SAE at its own hook point and, against all advice, on the residual stream of every other
# layer. The **explained variance** says how good the reconstructions are: 1 is perfect, 0 is no better than always
# giving the mean activation. (`sae_metrics` has the formula.)

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    sae = load_sae((bench.spec.part("sae") or "gpt2-small-res-jb/blocks.8.hook_resid_pre").removeprefix("hub:"))
    tokens = bench.tokens(
        [
            "The capital of France is Paris",
            "John and Mary went to the store. John gave a bottle to Mary",
            "abc def ghi abc",
        ]
    )
    found = place_sae(sae, bench.model, tokens)
    own = found["hook_name"]
    print(f"{type(sae).__name__} with {sae.cfg.d_sae} latents of {sae.cfg.d_in} dimensions, for {own}")
    print(f"directions from {sae.W_dec.norm(dim=1).min():.3f} to {sae.W_dec.norm(dim=1).max():.3f} long")
    active = (found["latents"][tokens != bench.bos] > 0).sum(dim=1).double().mean()
    print(f"{active:.1f} latents are active on a token on average")

    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(bench.n_layers)]
    names.append(f"blocks.{bench.n_layers - 1}.hook_resid_post")
    cache = bench.cache(tokens, names)
    explained = []
    for name in names:
        x = cache[name][tokens != bench.bos]
        error = (x - sae.decode(sae.encode(x))).pow(2).sum()
        explained.append((1 - error / (x - x.mean(dim=0)).pow(2).sum()).item())
        print(f"{name:28} explained variance {explained[-1]:8.2f}")
    plots.bars(
        [max(value, -1.0) for value in explained],
        x=[name.replace("blocks.", "").replace(".hook_resid", "") for name in names],
        xlabel="residual stream",
        ylabel="explained variance",
        title=f"An SAE for {own}",
        save="sae_features/sae_in_every_layer",
    )
