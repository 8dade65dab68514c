# %% [markdown]
# # From corrupted to clean
#
# A patched run has a logit difference of 4. Is that much? You cannot say before you know the two runs around it. So we
# give results of patching on a scale with two fixed points: **0 is the corrupted run** (the patch did nothing), **1 is
# the clean run** (the patch restored everything). Between them the scale is linear. Let $m$ be the metric after
# patching, and $m_\mathrm{clean}$ and $m_\mathrm{corrupted}$ its values on the two runs without a patch:
#
# $$\tilde m = \frac{m - m_\mathrm{corrupted}}{m_\mathrm{clean} - m_\mathrm{corrupted}}$$
#
# **A small example.** The clean run has a difference of 16, the corrupted run −16. A patched run with 4 gives
# $(4 + 16) / 32 = 0.625$.
#
# Three cases need care:
#
# - The result can be outside 0 and 1. A patch can make the answer worse than in the corrupted run ($\tilde m < 0$), or
#   better than in the clean run ($\tilde m > 1$). Both are findings.
# - The clean value can be the smaller one. For example, when the metric is a loss, the clean run has the lower value.
# - Both runs can have the same value. Then the corruption did not touch what the metric measures, and there is nothing
#   to restore. A division by zero, or by an invisible rounding error, would fill a map with huge numbers that look like
#   results. So raise an error.
#
# **Shapes.** `value` may be a single number or a whole map, of any shape; the result has the same shape. The ends are
# single numbers, as tensors of shape `[]`.
#
# Zhang and Nanda (2023, [Towards Best Practices of Activation Patching](https://arxiv.org/abs/2309.16042), section 2)
# put the logit difference on this scale.

# %% [markdown] tags=["hint"]
# Check your formula on the two values that you know: put in $m = m_\mathrm{corrupted}$, then $m = m_\mathrm{clean}$.

# %% [markdown] tags=["hint"]
# When are two numbers "the same up to rounding"? `==` does not answer this, and a fixed distance does not answer it:
# 1000 and 1000.00001 are the same in float32, 0.0001 and 0 are not. Compare the distance with the size of the two
# numbers. Look at `torch.isclose` and its two tolerances, `rtol` and `atol`. What does `atol` do to very small numbers?

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    """Put a metric on the scale on which the corrupted run is 0 and the clean run is 1.

    Source: Zhang and Nanda 2023, https://arxiv.org/abs/2309.16042

    Args:
        value: the metric after patching; one number or a map of any shape.
        clean: the metric of the clean run, shape `[]`.
        corrupted: the metric of the corrupted run, shape `[]`.

    Returns:
        The same shape as `value`: 0 where it equals `corrupted`, 1 where it equals `clean`, linear between and beyond.

    Raises:
        ValueError: `clean` and `corrupted` are the same up to rounding. This means that they differ by less than about a
            millionth of their size, however large or small they are. Two zeros are the same.

    """
    ### BEGIN SOLUTION
    if torch.isclose(clean, corrupted, rtol=1e-6, atol=0):
        raise ValueError(f"clean ({clean:.6g}) and corrupted ({corrupted:.6g}) are the same: nothing can be restored")
    return (value - corrupted) / (clean - corrupted)
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The whole last residual stream at END, mixed from the corrupted and the clean run: from nothing of the
# clean stream to all of it, and a little further at both ends.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(16, seed=1, template=0, order="ABBA")
    answer, wrong = (
        torch.tensor([bench.model.to_single_token(text) for text in texts])
        for texts in ([prompt.answer for prompt in prompts], [prompt.wrong for prompt in prompts])
    )
    rows = torch.arange(len(prompts))

    def metric(logits):
        return (logits[rows, -1, answer] - logits[rows, -1, wrong]).mean()

    name = f"blocks.{bench.n_layers - 1}.hook_resid_post"
    tokens = {kind: bench.tokens([getattr(prompt, kind) for prompt in prompts]) for kind in ("clean", "corrupted")}
    logits, cache = bench.model.run_with_cache(tokens["clean"], names_filter=name)
    ends = {"clean": metric(logits), "corrupted": metric(bench.model(tokens["corrupted"]))}
    shares = torch.linspace(-0.2, 1.2, 15)
    values = []
    for share in shares:

        def mix(resid, hook, share=share):
            return resid + share * (cache[name] - resid)

        values.append(metric(bench.model.run_with_hooks(tokens["corrupted"], fwd_hooks=[(name, mix)])))
    restored = normalised_metric(torch.stack(values), ends["clean"], ends["corrupted"])
    print(f"clean {ends['clean']:.2f} is 1, corrupted {ends['corrupted']:.2f} is 0")
    for share, raw, number in zip(shares.tolist(), values, restored.tolist(), strict=True):
        print(f"{share:5.1f} of the clean stream: logit difference {raw:7.2f}, normalised {number:5.2f}")
    plots.lines(
        {"measured": restored, "if all were linear": shares},
        x=shares,
        xlabel="share of the clean run in the last residual stream",
        ylabel="normalised logit difference",
        title="0 is the corrupted run, 1 the clean one",
        save="patching_results/normalised_metric",
    )

# %% [markdown] tags=["found"]
# **What you found.** At 0 and 1 the curve meets the two runs exactly: the scale is made for this. In between, the curve
# bends. A fifth of the way in the stream gives 0.16 of the metric, and 1.2 times the way gives 1.12. <!-- claim: ioi.half --> The unembedding
# is linear. But the final LayerNorm stands before it, and divides by a scale that depends on the stream. So 0.5 does
# not mean "half of the information is restored". It means that the *metric* is half way. For contributions that add up,
# as in direct logit attribution, we hold the LayerNorm's scale fixed.
#
# A value is as good as its ends. If the corruption changed the metric only a little, every patch looks huge. So print
# the two ends beside every map.
#
# **In GPT-2 small** the [Exploratory Analysis
# Demo](https://github.com/TransformerLensOrg/TransformerLens/blob/main/demos/Exploratory_Analysis_Demo.ipynb) of
# TransformerLens puts its patching maps on this scale, with pairs of prompts in which the names are exchanged.
