# Generated from solutions/lab2/logit_difference.py by mechgrade build. This copy is yours: write your code in it.
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
    raise NotImplementedError("logit_difference: not written yet")


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
