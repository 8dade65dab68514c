# WRONG: adds the hook for good and never takes it off; promised: 'it is left without hooks.'
# Generated from solutions/lab4/latent_activations.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Latents of real text
#
# An SAE becomes interesting on text. It was trained on the activations at *one* place in the model, its **hook point**.
# So run the model, take the activations there, and encode them.
#
# Not every position is text. Every input opens with a token that marks its start (BOS; in GPT-2 it is `<|endoftext|>`).
# In a batch, shorter texts are filled with padding at the end. The model computes something different at such
# positions, and SAEs are usually not trained on them. Latents that fire there would fill every list of "what this
# latent responds to". So remove these **special** positions *before* you count, average or rank anything:
#
# $$\mathbf{f}_{b,p} = \mathrm{encode}(\mathbf{x}_{b,p}), \qquad (b, p) \in \{(b, p) : t_{b,p} \notin S\}$$
#
# with the tokens $t$ and the ids $S$ of special tokens.
#
# **Shapes.** `tokens` is `[batch, pos]`. The number of kept positions differs from row to row, so the result is a flat
# list: `latents` `[token, d_sae]`, and `places` `[token, 2]` with the row and the position in `tokens` that each entry
# comes from. The list goes through the first row from left to right, then the second row, and so on.
#
# **A small example.** Two texts, `[BOS, a, b]` and `[BOS, c, PAD]`, give three entries with the places (0, 1), (0, 2)
# and (1, 1).
#
# **With SAELens** `sae.cfg.metadata.hook_name` is the name of the hook point, and `sae.encode(x)` gives the latents,
# for `x` with any number of leading axes. You will write this function yourself in `sae_encode`.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features);
# Xiao et al. 2023, [Efficient Streaming Language Models with Attention Sinks](https://arxiv.org/abs/2309.17453),
# section 3.1, on why the first position is special; Bloom et al., [SAELens](https://github.com/decoderesearch/SAELens).

# %%
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def latent_activations(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], special: Int[Tensor, " special"]
) -> tuple[Float[Tensor, "token d_sae"], Int[Tensor, "token 2"]]:
    """Encode what a model computes on some texts, leaving out special positions.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input of the model, shape `[batch, pos]`, special tokens included.
        special: the ids of the special tokens (BOS, padding), wherever they stand.

    Returns:
        The latents of all positions that do not hold a special token, shape `[token, d_sae]`, row after row and from
        left to right; and where they come from, shape `[token, 2]`: row and position in `tokens`. Where all tokens are
        special, both are empty: `[0, d_sae]` and `[0, 2]`.

    """
    caught: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any) -> None:
        caught["x"] = value.detach().clone()

    with torch.no_grad():
        model.add_hook(sae.cfg.metadata.hook_name, keep)
        model(tokens)
        is_special = torch.isin(tokens, special.to(tokens.device))
        places = (~is_special).nonzero()
        rows, columns = places.unbind(dim=1)
        latents = sae.encode(caught["x"])[rows, columns]
    return latents, places


# %% [markdown]
# **Look at it.** Which latents fire on which word of a sentence? And what happens at the special position in front of
# it?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import mixed_prompts

    bench = open_bench()
    text = "When Mary and John went to the store, John gave a bottle to"
    tokens, special = bench.tokens(text), torch.tensor([bench.bos], device=bench.device)
    latents, places = latent_activations(bench.model, bench.sae, tokens, special)
    words = bench.model.to_str_tokens(text)
    # The latents that stand out: for each word the strongest one.
    chosen = list(dict.fromkeys(latents.argmax(dim=1).tolist()))
    plots.heatmap(
        latents[:, chosen].T,
        x=[words[position] for position in places[:, 1].tolist()],
        y=[str(latent) for latent in chosen],
        xlabel="word",
        ylabel="latent",
        title="The strongest latent of every word, on all words",
        value="activation",
        save="sae_features/latents_of_a_sentence",
    )

    texts = ["".join(sentence) for sentence in mixed_prompts(200, seed=0)]
    many = bench.tokens(texts)
    latents, places = latent_activations(bench.model, bench.sae, many, special)
    everywhere, _ = latent_activations(bench.model, bench.sae, many, special[:0])  # nothing is special
    firing = (latents > 0).float().mean(dim=0)
    print(f"{len(texts)} sentences, {len(latents)} tokens of text of {many.numel()} positions")
    print(f"active at a token: {(latents > 0).float().sum(1).mean():.1f} of {latents.shape[1]} latents")
    print(f"never active: {(firing == 0).sum()}; active at more than a tenth of all tokens: {(firing > 0.1).sum()}")
    changed = (everywhere > 0).float().mean(dim=0) - firing
    print("latents that special positions would make look more frequent, and by how much:")
    for latent in changed.topk(5).indices.tolist():
        print(
            f"  {latent:4}: {firing[latent]:.1%} of the tokens of text, {changed[latent]:+.1%} with special positions"
        )
    plots.lines(
        {"latents": firing.sort(descending=True).values},
        xlabel="latent, the most frequent first",
        ylabel="share of tokens at which it is active",
        title="Few latents are frequent, most are rare",
        save="sae_features/firing_rates",
    )
