# %% [markdown]
# # The logit difference
#
# An experiment needs a number that says how well the model does. For indirect objects, compare the two names at the
# position from which the model predicts: how much higher is the logit of the right answer than the logit of the wrong
# answer?
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
# **Shapes.** `logits` is `[batch, pos, d_vocab]`. Prompts may differ in length. Shorter prompts are padded on the
# right, and the logits at a padded position mean nothing. So `end` gives the last position of each prompt. `answer` and
# `wrong` hold a token id for each prompt. The result is a scalar (a tensor of shape `[]`), or `[batch]` when you are
# asked for the differences of the single prompts.
#
# The result must stay a tensor of the same computation, because a later exercise takes its gradient.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 2) measure with this
# difference. Zhang and Nanda (2023, [Towards Best Practices of Activation Patching](https://arxiv.org/abs/2309.16042),
# section 4) compare it with probabilities. A probability can miss parts of the model that work *against* the answer.

# %% [markdown] tags=["hint"]
# First remove the position: take the logits of each prompt at its own end, `[batch, d_vocab]`. A loop over the prompts
# is a good start. Think about the two names after that.

# %% [markdown] tags=["hint"]
# `logits[:, end]` takes *every* position of `end` from *every* prompt: look at its shape. To go through two axes
# together, index both with a tensor. One of the two is `torch.arange(batch)`.

# %% [markdown] tags=["hint"]
# With `rows = torch.arange(batch)`, the expression `logits[rows, end, answer]` has shape `[batch]`. You still need the
# same for the wrong name, and the mean, unless `per_prompt` is set.

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
    ### BEGIN SOLUTION
    batch = logits.shape[0]
    for name, given in (("answer", answer), ("wrong", wrong), ("end", end)):
        if tuple(given.shape) != (batch,):
            raise ValueError(f"{name} has shape {tuple(given.shape)}, but there are {batch} prompts")
    rows = torch.arange(batch, device=logits.device)
    difference = logits[rows, end, answer] - logits[rows, end, wrong]  # [batch]
    return difference if per_prompt else difference.mean()
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The differences of prompts of several lengths: one curve for the clean prompts, one for the corrupted
# prompts.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(12, seed=1)
    answer, wrong = (
        torch.tensor([bench.model.to_single_token(text) for text in texts])
        for texts in ([prompt.answer for prompt in prompts], [prompt.wrong for prompt in prompts])
    )
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

# %% [markdown] tags=["found"]
# **What you found.** On clean prompts the difference is positive, on corrupted prompts negative. There the *other* name
# is right, and `answer` and `wrong` still belong to the clean prompt. Over 64 held-out pairs the means are 16.5 and
# −16.3. <!-- claim: ioi.difference --> The experiments of this lab take place between these two numbers. A patch that brings the corrupted run up
# to the clean value has restored everything that this metric sees.
#
# A difference of 3 means that the answer is $e^3 \approx 20$ times as probable as the wrong name. It does not mean that
# the answer is probable: a third token may beat both.
#
# **In GPT-2 small** Wang et al. (2022, section 2) report a mean difference of 3.56 over 100,000 prompts, and a mean
# probability of 49 % for the answer.
#
# **With TransformerLens** logits can differ from those of the original model. `TransformerBridge` in compatibility mode
# and `HookedTransformer` both centre the unembedding. This shifts all logits of a position by the same number, and a
# difference stays the same.
