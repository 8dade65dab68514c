# WRONG: the number of entries of `end` is not checked, and a single one is spread over all prompts; promised: 'ValueError: `answer`, `wrong` or `end` does not have exactly one entry for each prompt; with and without `per_prompt`.'
# Generated from solutions/lab2/logit_difference.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The logit difference and its scale
#
# An experiment needs a number that says how well the model does. In this lab you use one number, in two steps: first the
# difference of two logits, then a scale that makes the differences of several runs comparable.
#
# ## The difference
#
# For indirect objects, compare the two names at the position from which the model predicts: how much higher is the
# logit of the right answer than the logit of the wrong answer?
#
# For prompt $b$ with logits $\ell_{b,\,p,\,v}$ (position $p$, token $v$), the last position $e_b$ of the prompt, the
# answer $a_b$ and the wrong answer $w_b$:
#
# $$\mathrm{LD}_b = \ell_{b,\,e_b,\,a_b} - \ell_{b,\,e_b,\,w_b} \qquad\qquad
#   \mathrm{LD} = \frac{1}{|\mathcal{B}|} \sum_{b \in \mathcal{B}} \mathrm{LD}_b$$
#
# **A small example.** Prompt 1 has the logits 7 (" Mary", right) and 4 (" John"). Prompt 2 has 5 (" John", right) and 6
# (" Mary"). The differences are 3 and −1, and their mean is 1.
#
# Why not the probability of the answer? Because
#
# $$\mathrm{LD}_b = \log \frac{p(a_b)}{p(w_b)},$$
#
# the normalisation of the softmax cancels. This has three consequences:
#
# - The difference ignores all other names and words that compete for the next place. Both runs of our experiment share
#   them.
# - The difference is 0 where the model cannot decide.
# - The difference is a *linear* function of what the final LayerNorm gives to the unembedding. So, once the LayerNorm's
#   scale is held fixed, the contributions of several parts add up. In a probability they do not.
#
# The result must stay a tensor of the same computation, because a later exercise takes its gradient.
#
# ## The scale
#
# Soon you will patch runs. A patched run has a logit difference of 4. Is that much? You cannot say before you know the
# two runs around it. So we give results of patching on a scale with two fixed points: **0 is the corrupted run** (the
# patch did nothing), **1 is the clean run** (the patch restored everything). Between them the scale is linear. Let $m$
# be the metric after patching, and $m_\mathrm{clean}$ and $m_\mathrm{corrupted}$ its values on the two runs without a
# patch:
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
# ## Shapes
#
# `logits` is `[batch, pos, d_vocab]`. Prompts may differ in length. Shorter prompts are padded on the right, and the
# logits at a padded position mean nothing. So `end` gives the last position of each prompt. `answer` and `wrong` hold a
# token id for each prompt. The logit difference is a scalar (a tensor of shape `[]`), or `[batch]` when you are asked for
# the differences of the single prompts.
#
# `value` may be a single number or a whole map, of any shape; the result has the same shape. The ends are single
# numbers, as tensors of shape `[]`.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 2) measure with this
# difference. Zhang and Nanda (2023, [Towards Best Practices of Activation Patching](https://arxiv.org/abs/2309.16042))
# put the difference on this scale (section 2), and compare it with probabilities (section 4). A probability can miss
# parts of the model that work *against* the answer.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def logit_difference(
    logits: Float[Tensor, "batch pos d_vocab"],
    answer: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    end: Int[Tensor, " batch"],
    per_prompt: bool = False,
) -> Float[Tensor, ""] | Float[Tensor, " batch"]:
    """Measure by how much the right name's logit exceeds the wrong one's at the end of each prompt.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593

    Args:
        logits: the model's output, `[batch, pos, d_vocab]`; prompts shorter than `pos` are padded on the right.
        answer: the right next token of each prompt.
        wrong: the wrong one.
        end: the position of each prompt's last token.
        per_prompt: whether to return a difference for each prompt.

    Returns:
        The mean over the prompts, shape `[]`; with `per_prompt` the difference of each, shape `[batch]`, also for one
        prompt. A gradient can be taken of either. Both are finite, also where a third token is so far above both names
        that their probabilities are 0.

    Raises:
        ValueError: `answer`, `wrong` or `end` does not have exactly one entry for each prompt; with and without
            `per_prompt`.

    """
    batch = logits.shape[0]
    for name, entries in (("answer", answer), ("wrong", wrong)):
        if tuple(entries.shape) != (batch,):
            raise ValueError(f"{name} must have one entry for each of {batch} prompts, not {tuple(entries.shape)}")
    answer, wrong, end = (entries.to(logits.device).long() for entries in (answer, wrong, end))
    last = logits[torch.arange(batch, device=logits.device), end]  # [batch, d_vocab]
    names = last.gather(1, torch.stack([answer, wrong], dim=1))
    differences = names[:, 0] - names[:, 1]
    return differences if per_prompt else differences.mean()


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
    # In double precision, so that huge and tiny metrics neither overflow nor vanish here.
    top, bottom = (torch.as_tensor(end, device=value.device).double() for end in (clean, corrupted))
    distance = top - bottom
    size = torch.maximum(top.abs(), bottom.abs())
    if bool(distance.abs() <= 1e-6 * size):
        raise ValueError(f"clean and corrupted metric are the same: {top.item()} and {bottom.item()}")
    scaled = (value.double() - bottom) / distance
    return scaled.to(value.dtype) if value.is_floating_point() else scaled


# %% [markdown]
# **Look at it.** First the differences of prompts of several lengths: one curve for the clean prompts, one for the
# corrupted prompts. Then the scale. The whole last residual stream at END is mixed from the corrupted and the clean run:
# from nothing of the clean stream to all of it, and a little further at both ends.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()

    def names(prompts):
        """The token ids of the right and the wrong names."""
        texts = ([prompt.answer for prompt in prompts], [prompt.wrong for prompt in prompts])
        return (torch.tensor([bench.model.to_single_token(text) for text in each]) for each in texts)

    prompts = ioi_prompts(12, seed=1)
    answer, wrong = names(prompts)
    end = torch.tensor([prompt.end_position + 1 for prompt in prompts])  # + 1 for BOS
    differences = {}
    for kind in ("clean", "corrupted"):
        tokens = bench.tokens([getattr(prompt, kind) for prompt in prompts])
        logits = bench.model(tokens)
        differences[kind] = logit_difference(logits, answer, wrong, end, per_prompt=True)
        mean = logit_difference(logits, answer, wrong, end)
        print(f"{kind:10} mean logit difference {mean:6.2f}, positive in {(differences[kind] > 0).sum()} of {len(end)}")
    plots.lines(
        differences,
        xlabel="prompt",
        ylabel="logit difference: answer − wrong",
        title="The corrupted prompts turn the difference round",
        save="patching_results/logit_difference",
    )

    prompts = ioi_prompts(16, seed=1, template=0, order="ABBA")
    answer, wrong = names(prompts)
    tokens = {kind: bench.tokens([getattr(prompt, kind) for prompt in prompts]) for kind in ("clean", "corrupted")}
    end = torch.full((len(prompts),), tokens["clean"].shape[1] - 1)
    name = f"blocks.{bench.n_layers - 1}.hook_resid_post"
    logits, cache = bench.model.run_with_cache(tokens["clean"], names_filter=name)
    clean = logit_difference(logits, answer, wrong, end)
    corrupted = logit_difference(bench.model(tokens["corrupted"]), answer, wrong, end)
    shares = torch.linspace(-0.2, 1.2, 15)
    values = []
    for share in shares:

        def mix(resid, hook, share=share):
            return resid + share * (cache[name] - resid)

        mixed = bench.model.run_with_hooks(tokens["corrupted"], fwd_hooks=[(name, mix)])
        values.append(logit_difference(mixed, answer, wrong, end))
    restored = normalised_metric(torch.stack(values), clean, corrupted)
    print(f"clean {clean:.2f} is 1, corrupted {corrupted:.2f} is 0")
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
