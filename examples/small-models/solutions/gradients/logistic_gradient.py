# %% [markdown]
# # The gradient of logistic regression
#
# Logistic regression gives an item with features $\mathbf{x}_i$ the probability to belong to class 1,
#
# $$p_i = \sigma(\mathbf{w} \cdot \mathbf{x}_i + b), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# The loss is the mean over the items of $-\ln p_i$ for items of class 1, and of $-\ln (1 - p_i)$ for items of class 0.
# Its gradient has a short form. With $y_i$ for the class of item $i$,
#
# $$\frac{\partial L}{\partial \mathbf{w}} = \frac{1}{N} \sum_{i=1}^{N} (p_i - y_i)\, \mathbf{x}_i, \qquad
#   \frac{\partial L}{\partial b} = \frac{1}{N} \sum_{i=1}^{N} (p_i - y_i)$$
#
# For example, take one item with $x = 2$ and $y = 1$, and start from $w = 0$, $b = 0$. Then $p = 1/2$. The gradient for $w$ is
# $(1/2 - 1) \cdot 2 = -1$, and for $b$ it is $-1/2$. Both are negative: larger values make the right class more probable.
#
# PyTorch can compute gradients for you. Here you write this one yourself, to see that there is no magic.
#
# **Shapes.** `x` is `[item, feature]`, `labels` `[item]`, `weight` `[feature]`. The result is a pair: `[feature]`, and a tensor
# without axes.
#
# Source: Bishop 2006, Pattern Recognition and Machine Learning, section 4.3.2.

# %% [markdown] tags=["hint"]
# Compute the probabilities first, one for each item. What is the error of an item whose probability is already right?

# %% [markdown] tags=["hint"]
# Each item's features are weighted by its error, then summed over the items. This is a product of a matrix and a vector. Which
# side does the matrix go to, and is it transposed?

# %%
import torch
from torch import Tensor


# %%
def logistic_gradient(x: Tensor, labels: Tensor, weight: Tensor, bias: float) -> tuple[Tensor, Tensor]:
    """Compute the gradient of the mean logistic loss.

    Source: Bishop 2006, section 4.3.2.

    Args:
        x: features, shape `[item, feature]`.
        labels: 0 or 1 for each item, as integers, shape `[item]`.
        weight: shape `[feature]`.
        bias: a number.

    Returns:
        The gradient for the weight, shape `[feature]`, and for the bias, a tensor without axes.

    """
    ### BEGIN SOLUTION
    error = torch.sigmoid(x @ weight + bias) - labels
    return x.T @ error / len(x), error.mean()
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Follow the gradient downhill for some steps. Does the loss fall?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench

    bench = open_bench()
    x, labels = bench.normal(40, 2, seed=1), bench.integers(0, 2, [40], seed=2)
    x[:, 0] += labels  # the first feature tells something about the class
    weight, bias = torch.zeros(2), 0.0
    for step in range(0, 51):
        if step % 10 == 0:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight + bias, labels.float())
            print(f"step {step:2}: loss {loss:.4f}, weight {weight.tolist()}")
        for_weight, for_bias = logistic_gradient(x, labels, weight, bias)
        weight, bias = weight - 0.5 * for_weight, bias - 0.5 * float(for_bias)

# %% [markdown] tags=["found"]
# **What you found.** Each item pulls the weight along its own features, as strongly as it is misjudged. Items that are judged
# right pull hardly at all. The same form, error times input, comes back in every layer of a neural network.
