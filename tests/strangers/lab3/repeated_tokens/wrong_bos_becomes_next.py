# WRONG: the tokens are drawn from all ids, and BOS is replaced by the next id, which comes twice as often; promised: 'Each token of the first half is drawn uniformly, independently and with replacement, from all ids except BOS.'
# Generated from solutions/lab3/repeated_tokens.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Repeated random tokens
#
# The model completes a pattern: it has seen `[A][B]` once, and when `[A]` comes again it predicts `[B]`. A head that
# does this is called an **induction head**. To see such a head at work you need a text in which **only repetition**
# helps. Ordinary prose is not good for this. Grammar, facts and habits of the language predict a lot, and you could not
# tell which mechanism made the prediction.
#
# So we give the model noise, and then the same noise again:
#
# $$t = (\;\mathrm{BOS},\; r_1, \dots, r_h,\; r_1, \dots, r_h\;), \qquad
#   r_i \sim \mathrm{Uniform}\big(\{0, \dots, V-1\} \setminus \{\mathrm{BOS}\}\big)$$
#
# **A small example.** With half = 3 and BOS = 0, a row can be `0, 7, 2, 5, 7, 2, 5`.
#
# No model can predict the first half: a guess among $V$ tokens costs about $\ln V$ nats for each token. A model can
# predict the second half perfectly if it looks back $h$ positions, and in no other way. The gap between the two halves
# is in-context learning in its purest form, and the heads that close the gap are easy to see.
#
# Olsson et al. test heads in a similar way: 25 random tokens, without the most and least common ones, four times in a
# row after a start token ([In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895), 2022, the
# appendix on head activation evaluators). Two times are enough here.
#
# **Shapes.** A batch of $b$ such sequences is an integer tensor `[batch, pos]` with `pos = 1 + 2 * half`. Position 0 is
# BOS, the first half is at positions `1 … half`, the second at `half + 1 … 2 * half`. Every row of the batch has noise
# of its own.
#
# **Why BOS?** GPT-2 style models were trained on documents that begin with (or follow) a special token. Many heads use
# BOS as a resting place: they attend to it when they have nothing to do. A second BOS in the middle would tell the
# model that a new document begins. That is the opposite of what we want.
#
# **Why a seed?** Other people must be able to repeat your measurement. The function takes a seed and gives the same
# tokens for the same seed. It leaves PyTorch's global random state alone, so that a call changes nothing else in a
# program.

# %%
import torch
from jaxtyping import Int
from torch import Tensor


# %%
def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    """Make sequences of random tokens that repeat once: BOS, a random half, the same half again.

    Each token of the first half is drawn uniformly, independently and with replacement, from all ids except BOS. The
    same seed gives the same tokens, whatever was drawn before the call; and the global random states (PyTorch's,
    NumPy's, Python's) are the same after the call as before it.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (sequences for the prefix-matching score).

    Args:
        d_vocab: size of the vocabulary; token ids are `0 … d_vocab - 1`.
        bos: id of the beginning-of-sequence token, anywhere in the vocabulary. It is in each row once, at position 0.
        batch: number of sequences, each with random tokens of its own.
        half: number of random tokens in one half.
        seed: seed of the random draw.
        device: where the result is. The tokens do not depend on `device`: draw them on the CPU.

    Returns:
        Token ids (`torch.int64`) of shape `[batch, pos]` with `pos = 1 + 2 * half`.

    Raises:
        ValueError: `batch` or `half` is below 1, `bos` is not one of the ids `0 … d_vocab - 1`, or BOS is the only token.

    """
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if bos < 0 or bos >= d_vocab:
        raise ValueError(f"BOS ({bos}) is not one of the ids 0 ... {d_vocab - 1}")
    if d_vocab < 2:
        raise ValueError("BOS is the only token")
    source = torch.Generator(device="cpu").manual_seed(seed)
    drawn = torch.randint(d_vocab, (batch, half), generator=source, dtype=torch.int64)
    drawn = torch.where(drawn == bos, (drawn + 1) % d_vocab, drawn)
    first = torch.full((batch, 1), bos, dtype=torch.int64)
    return torch.cat([first, drawn, drawn], dim=1).to(device)


# %% [markdown]
# **Look at it.** The picture marks every pair of positions that hold the same token. The main diagonal is each token
# with itself. What do the two other diagonals mean, and how far are they from the main diagonal?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    tokens = repeated_tokens(bench.d_vocab, bench.bos, batch=2, half=12, seed=1, device=bench.device)
    print("token ids, first row:", tokens[0].tolist())
    print("as text:", bench.model.to_str_tokens(tokens[0]))
    same = tokens[0][:, None] == tokens[0][None, :]
    positions = [str(position) for position in range(tokens.shape[1])]
    plots.heatmap(
        same.float(),
        x=positions,
        y=positions,
        xlabel="position",
        ylabel="position",
        title="Which positions hold the same token?",
        value="same token",
        save="attention_patterns/repeated_tokens",
    )
