# %% [markdown]
# # Two moons
#
# The file `data/moons.csv` has points on two half circles, the moons, that reach into one another. No straight line separates
# them: the best line is right for about 9 of 10 points. A network with one hidden layer can do better,
#
# $$z(\mathbf{x}) = \mathbf{v} \cdot \tanh(W^\top \mathbf{x} + \mathbf{c}) + d$$
#
# A point belongs to moon 1 where $z > 0$. The network is trained with the logistic loss, which you know from the lab before.
#
# Write the scores first, then the training. Two people who train this network get different weights, and both can be right. So your weights are not compared with ours. Your
# network has to separate new points from the same moons: more than 95 of 100, from each of three seeds.
#
# **Why a seed?** The start is random. With the same seed your function must give the same weights again, so that others can repeat
# what you found. Draw from a `torch.Generator` of your own: whoever calls your function keeps their own random numbers.
#
# **Shapes.** `points` is `[point, 2]`, `labels` `[point]`. The weights are $W$ `[2, hidden]`, $\mathbf{c}$ `[hidden]`,
# $\mathbf{v}$ `[hidden]`, and $d$, a tensor without axes.
#
# **A recipe** that works: $W$ and $\mathbf{v}$ standard normal, $\mathbf{c}$ and $d$ zero; then 200 steps of `torch.optim.Adam` with
# learning rate 0.05, each on all points.
#
# Source: Goodfellow et al. 2016, [Deep Learning](https://www.deeplearningbook.org), chapter 6.

# %% [markdown] tags=["hint"]
# Four lines make a step: the loss, gradients set to zero, `backward`, `step`. Which tensors does the optimiser have to know?

# %% [markdown] tags=["hint"]
# `torch.nn.functional.binary_cross_entropy_with_logits(z, labels)` is the loss. It wants the labels as real numbers. Call
# `requires_grad_()` on each weight, and return `detach()`ed ones.

# %%
import torch
from torch import Tensor


# %%
def network_scores(points: Tensor, W: Tensor, c: Tensor, v: Tensor, d: Tensor) -> Tensor:
    """Compute the network's score of each point.

    Args:
        points: shape `[point, 2]`.
        W: shape `[2, hidden]`.
        c: shape `[hidden]`.
        v: shape `[hidden]`.
        d: a tensor without axes.

    Returns:
        Shape `[point]`. Gradients flow through it.

    """
    ### BEGIN SOLUTION
    return torch.tanh(points @ W + c) @ v + d
    ### END SOLUTION


def train_classifier(points: Tensor, labels: Tensor, hidden: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Train a network with one hidden layer to tell two classes apart.

    Source: Goodfellow et al. 2016, chapter 6.

    Args:
        points: shape `[point, 2]`.
        labels: 0 or 1 for each point, shape `[point]`.
        hidden: the number of hidden units.
        seed: of the start. The same seed gives the same weights, and the global random state stays as it is.

    Returns:
        `W` `[2, hidden]`, `c` `[hidden]`, `v` `[hidden]`, and `d`, a tensor without axes. None of them wants a gradient.

    """
    ### BEGIN SOLUTION
    draw = torch.Generator().manual_seed(seed)
    W, v = torch.randn(2, hidden, generator=draw).to(points), torch.randn(hidden, generator=draw).to(points)
    weights = [W, points.new_zeros(hidden), v, points.new_zeros(())]
    with torch.enable_grad():
        for weight in weights:
            weight.requires_grad_()
        optimiser = torch.optim.Adam(weights, lr=0.05)
        for _ in range(200):
            scores = network_scores(points, *weights)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.to(scores))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    W, c, v, d = [weight.detach() for weight in weights]
    return W, c, v, d
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The plane, as your network sees it: `#` for moon 1.

# %% tags=["demo"]
if __name__ == "__main__":
    import numpy as np

    from mechgrade.bench import data

    table = torch.tensor(np.loadtxt(data("moons.csv"), delimiter=",", skiprows=1), dtype=torch.float32)
    W, c, v, d = train_classifier(table[:, :2], table[:, 2], 16, seed=0)
    for y in np.arange(1.4, -1.0, -0.2):
        row = torch.tensor([[x, y] for x in np.arange(-1.4, 2.4, 0.1)], dtype=torch.float32)
        print("".join("#" if z > 0 else "." for z in network_scores(row, W, c, v, d)))

# %% [markdown] tags=["found"]
# **What you found.** Sixteen hidden units bend the border between the classes around both moons. Another seed gives other weights
# and nearly the same border: the function is what is learned, and many weights compute it.
