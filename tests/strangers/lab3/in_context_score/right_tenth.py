# Generated from solutions/lab3/in_context_score.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The in-context learning score
#
# You found the heads in a finished model, you broke them, and you read their wiring. How did they get there? To follow
# a model through its training you need one number that asks for no knowledge of heads. Let the same tokens come many
# times, and follow the loss over the whole context: how much better does the model predict late than early?
#
# Olsson et al. (2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895)) define the
# **in-context learning score** as the loss of the 500th token of the context minus the loss of the 50th, averaged over
# many texts. You can choose both numbers. With a single token the average needs many texts. So here both places are
# arguments, and we average over a window of $w$ tokens that begins at each:
#
# $$\mathrm{score} = \frac{1}{|\mathcal{B}|\,w} \sum_{b \in \mathcal{B}} \left( \sum_{i = \mathrm{late}}^{\mathrm{late} +
#   w - 1} \ell_{b,i} \;-\; \sum_{i = \mathrm{early}}^{\mathrm{early} + w - 1} \ell_{b,i} \right), \qquad
#   \ell_{b,i} = -\log p(t_{b,i} \mid t_{b,0} \dots t_{b,i-1})$$
#
# in **nats**. Here $i$ is the position of the token that is *predicted*. BOS is position 0, and nothing predicts it, so
# the earliest window begins at 1.
#
# **A small example.** The tokens at the positions 1 to 4 have the losses 7, 6, 1 and 0.5. With early = 1, late = 3 and
# $w = 2$ the score is $0.75 - 6.5 = -5.75$.
#
# **The sign.** Late minus early: a model that learns from its context has a lower loss late, so its score is
# **negative**. The more negative, the more it learns.
#
# **Shapes.** `logits` is `[batch, pos, d_vocab]` and `tokens` is `[batch, pos]`. The logits at a position are about the
# token after it: the loss of the token at position $i$ is in the logits at position $i - 1$.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def in_context_score(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], early: int, late: int, width: int
) -> float:
    """Compute how much lower the loss is late in the context than early in it: late minus early, in nats.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (in-context learning score).

    Args:
        logits: the model's output, `[batch, pos, d_vocab]`.
        tokens: the model's input, `[batch, pos]`, BOS at position 0.
        early: position of the first token of the early window; at least 1.
        late: position of the first token of the late window; above `early`.
        width: number of tokens in each window. The windows may overlap.

    Returns:
        The mean loss of the tokens at positions `late … late + width - 1` minus that of the tokens at positions
        `early … early + width - 1`, each averaged over the batch and the window. A Python float,
        finite also where logits are in the hundreds. Negative for a model that learns from its context.

    Raises:
        ValueError: `early` is below 1, `late` is not above `early`, `width` is below 1, or the late window goes beyond
            the last token.

    """
    if early < 1:
        raise ValueError(f"nothing predicts position {early}: early must be at least 1")
    if late <= early:
        raise ValueError(f"late ({late}) must be above early ({early})")
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    pos = tokens.shape[1]
    if late + width > pos:
        raise ValueError(f"the late window ends at {late + width - 1}, the last position is {pos - 1}")

    def window(start):
        told = logits[:, :-1][:, start - 1 : start - 1 + width].double()  # the predictions of these tokens
        came = tokens[:, start : start + width].to(told.device)
        return torch.nn.functional.cross_entropy(told.flatten(0, 1), came.flatten().long())

    return (window(late) - window(early)).item()


# %% [markdown]
# **Look at it.** First the course model, on random tokens that come again and again, with several periods. The curve
# is the score of a window that moves along the context, each time against the first period. Then the two-layer
# *twin*, a small model that ships with its checkpoints and whose attention nobody supervised: your score at every
# checkpoint, beside the best induction score of its heads. Guess before you look: does the score fall slowly, or all
# at once?

# %% tags=["demo"]
if __name__ == "__main__":
    import math

    from mechgrade.bench import open_bench, plots

    from interp.prompts import repeated_ids
    from interp.twin_card import checkpoints

    bench = open_bench()
    curves: dict[str, list[float]] = {}
    length = min(bench.n_ctx - 1, 120)
    for period in (8, 12, 24):
        unit = bench.repeated_tokens(batch=16, half=period, seed=period)
        repeats = length // period
        tokens = torch.cat([unit[:, :1], *[unit[:, 1 : period + 1]] * repeats], dim=1)
        logits = bench.run(tokens)
        curve = [0.0]
        for number in range(1, repeats):
            curve.append(in_context_score(logits, tokens, 1, 1 + number * period, period))
        curves[f"period {period}"] = curve
        print(f"period {period:2}: " + "  ".join(f"{score:+.2f}" for score in curve))
    shown = min(map(len, curves.values()))
    plots.lines(
        {name: curve[:shown] for name, curve in curves.items()},
        xlabel="number of times that the tokens have been there before",
        ylabel="score against the first time (nats)",
        title="How much the context helps, at every repetition",
        save="attention_patterns/in_context_score",
    )

    half, steps, scores, heads = 30, [], [], []
    tokens = torch.from_numpy(repeated_ids(32, half, seed=1, vocabulary_size=256, bos=256))
    for step, twin in checkpoints(layers=2):
        if step > 700:  # little happens later
            break
        with torch.no_grad():
            logits, cache = twin.run_with_cache(tokens)
        patterns = torch.stack([cache["pattern", layer] for layer in range(twin.cfg.n_layers)])
        steps.append(step)
        # The first repeated token cannot be foreseen: the late window begins at the second one.
        scores.append(in_context_score(logits, tokens, 2, half + 2, half - 1))
        heads.append(patterns.diagonal(1 - half, -2, -1)[..., 2:].mean((1, 3)).max().item())
        print(f"step {step:4}: score {scores[-1]:+.2f} nats, best induction score {heads[-1]:.2f}")
    plots.lines(
        {
            "minus the score, divided by ln 256": [-score / math.log(256) for score in scores],
            "best induction score of a head": heads,
        },
        x=steps,
        xlabel="training step",
        ylabel="share",
        title="The two-layer twin learns to repeat",
        save="attention_patterns/in_context_score_in_training",
    )
