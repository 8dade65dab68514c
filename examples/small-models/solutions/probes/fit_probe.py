# %% [markdown]
# # What can be read from hidden states
#
# The model of this lab reads strings of brackets, such as `(()(` , and predicts the next one. Does it know how many brackets are open?
# Nobody told it to count. To find out, train a **probe**: a linear model that reads the number from the model's hidden states,
#
# $$\hat{y}_i = \mathbf{w} \cdot \mathbf{h}_i + b$$
#
# If a simple probe can read the number, then the number is there. The best probe has a formula. Take the mean away from both sides,
# $\tilde{\mathbf{h}}_i = \mathbf{h}_i - \bar{\mathbf{h}}$ and $\tilde{y}_i = y_i - \bar{y}$. Then ridge regression gives
#
# $$\mathbf{w} = \Big(\sum_i \tilde{\mathbf{h}}_i \tilde{\mathbf{h}}_i^\top + \lambda I\Big)^{-1} \sum_i \tilde{\mathbf{h}}_i\, \tilde{y}_i,
#   \qquad b = \bar{y} - \mathbf{w} \cdot \bar{\mathbf{h}}$$
#
# The penalty $\lambda > 0$ keeps the weights small. It does not touch $b$.
#
# For example, take one feature with the values 1 and 3, the targets 0 and 4, and $\lambda = 2$. The means are 2 and 2. So
# $w = (1 \cdot 2 + 1 \cdot 2) / (1 + 1 + 2) = 1$ and $b = 2 - 1 \cdot 2 = 0$. Without a penalty $w$ would be 2.
#
# **Shapes.** `hidden` is `[item, feature]`, `target` `[item]`. The result is a pair: the weight `[feature]`, and the bias, a tensor
# without axes.
#
# Source: Alain and Bengio 2016, [Understanding intermediate layers using linear classifier probes](https://arxiv.org/abs/1610.01644).

# %% [markdown] tags=["hint"]
# Check your function on the example with one feature. Where does the penalty go, and where does it not go?

# %% [markdown] tags=["hint"]
# The sum over items of a column times a row is one product of matrices. `torch.linalg.solve(A, v)` gives $A^{-1} v$ without
# the inverse.

# %%
import torch
from torch import Tensor


# %%
def fit_probe(hidden: Tensor, target: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Fit a linear probe by ridge regression.

    Source: Alain and Bengio 2016, https://arxiv.org/abs/1610.01644

    Args:
        hidden: hidden states, shape `[item, feature]`.
        target: what to read from them, shape `[item]`.
        penalty: on the squared length of the weight; above 0. The bias is free.

    Returns:
        The weight, shape `[feature]`, and the bias, a tensor without axes.

    """
    ### BEGIN SOLUTION
    center = hidden.mean(dim=0)
    features, values = hidden - center, target - target.mean()
    squares = features.T @ features + penalty * torch.eye(hidden.shape[1], dtype=hidden.dtype, device=hidden.device)
    weight = torch.linalg.solve(squares, features.T @ values)
    return weight, target.mean() - weight @ center
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The probe is fitted on some strings and tested on others, after each layer. A share of 1 means that the number of open
# brackets is read without error.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench

    bench = open_bench()
    train, test = bench.strings(200, 20, seed=1), bench.strings(100, 20, seed=2)
    for layer, (fitted, seen) in enumerate(zip(bench.hidden_states(train), bench.hidden_states(test), strict=True)):
        weight, bias = fit_probe(fitted.flatten(0, 1), bench.depths(train).flatten(), 1.0)
        error = (seen.flatten(0, 1) @ weight + bias - bench.depths(test).flatten()).var()
        print(f"after layer {layer}: {1 - float(error / bench.depths(test).var()):.2f} of the variance is read")

# %% [markdown] tags=["found"]
# **What you found.** From the embedding (layer 0) a third of the variance is read: it knows the last bracket and the place. After the
# first layer more than nine tenths are. The model counts, because counting helps to predict. What a probe reads need not be what the model uses,
# though: to show use, you have to change the hidden states and look at the predictions.
