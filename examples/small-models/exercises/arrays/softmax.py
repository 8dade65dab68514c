# Generated from solutions/arrays/softmax.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Scores become probabilities
#
# A model gives each possible answer a score. The scores can be any numbers. To choose an answer at random, you need
# **probabilities**: positive numbers that sum to 1. The softmax turns scores $s_1, \dots, s_C$ into probabilities,
#
# $$p_c = \frac{e^{s_c}}{\sum_{k=1}^{C} e^{s_k}}$$
#
# For example, the scores $(0, \ln 3)$ give $e^0 = 1$ and $e^{\ln 3} = 3$. So the probabilities are $1/4$ and $3/4$.
#
# **A trap.** $e^{1000}$ is too large for a computer: NumPy gives `inf`, and `inf / inf` is `nan`. There is a way around it.
# Adding one number to all the scores of a row changes no probability. Can you see why? Which number would help?
#
# **Shapes.** `scores` is `[row, column]`. Each row is one question, each column one possible answer. The result has the same shape.
#
# Source: Goodfellow, Bengio and Courville 2016, [Deep Learning](https://www.deeplearningbook.org), section 4.1.

# %%
import numpy as np


# %%
def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn each row of scores into probabilities.

    Source: Goodfellow et al. 2016, section 4.1.

    Args:
        scores: shape `[row, column]`; they may be in the thousands.

    Returns:
        Shape `[row, column]`: positive numbers that sum to 1 in each row.

    """
    raise NotImplementedError("softmax: not written yet")


# %% [markdown]
# **Look at it.** The same three scores, made larger and larger. What happens to the largest probability?

# %% tags=["demo"]
if __name__ == "__main__":
    for factor in (0, 1, 5, 1000):
        probabilities = softmax(factor * np.array([[1.0, 0.5, 0.0]]))[0]
        print(f"scores times {factor:4}: {np.round(probabilities, 3)}")
