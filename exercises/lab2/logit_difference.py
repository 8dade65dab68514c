# Generated from solutions/lab2/logit_difference.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The logit difference
#
# An experiment needs a number that says how well the model does. For indirect objects the natural one compares the two
# names: how much higher is the logit of the right answer than that of the wrong one, at the position from which the
# model predicts?
#
# For prompt $b$ with logits $\ell_{b,\,p,\,v}$ (position $p$, token $v$), the last position $e_b$ of the prompt, the
# answer $a_b$ and the wrong answer $w_b$:
#
# $$\mathrm{LD}_b = \ell_{b,\,e_b,\,a_b} - \ell_{b,\,e_b,\,w_b} \qquad\qquad
#   \mathrm{LD} = \frac{1}{|\mathcal{B}|} \sum_{b \in \mathcal{B}} \mathrm{LD}_b$$
#
# Why not the probability of the answer? Because
#
# $$\mathrm{LD}_b = \log \frac{p(a_b)}{p(w_b)},$$
#
# the softmax's normalisation cancels. So the difference does not care for the other names and words that compete for
# the next place, which both runs of our experiment share. It is zero where the model cannot decide. And it is *linear*
# in the last layer's output, so what several parts of the model contribute to it adds up, as it does not in a
# probability.
#
# **Shapes.** `logits` is `[batch, pos, d_vocab]`. Prompts may differ in length: shorter ones are padded on the right,
# and what the model says at a padded position means nothing. So `end` tells for each prompt where it ends. `answer` and
# `wrong` hold a token id for each prompt. The result is a scalar (a tensor of shape `[]`), or `[batch]` when the
# differences of the single prompts are asked for.
#
# The result has to stay a tensor of the same computation: a later exercise takes its gradient.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) measure with this difference.
# Zhang and Nanda (2023, [Towards Best Practices of Activation Patching](https://arxiv.org/abs/2309.16042)) compare it
# with probabilities, which can miss parts of the model that work *against* the answer.

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
        prompt. A gradient can be taken of either. Both are finite however far apart the logits are.

    Raises:
        ValueError: `answer`, `wrong` or `end` does not have exactly one entry for each prompt; with and without
            `per_prompt`.

    """
    raise NotImplementedError("logit_difference: not written yet")


# %% [markdown]
# **Look at it.** The differences of prompts of several lengths: one curve for the clean prompts, one for the corrupted.

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
