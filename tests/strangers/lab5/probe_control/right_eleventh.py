# Generated from solutions/lab5/probe_control.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # A probe with a control task
#
# A **probe** is a small classifier that reads a label from activations. If the probe is right on held-out text, then
# the label can be *read* there. That sounds strong, and it hides two things.
#
# 1. **The probe may do the work itself.** Activations say well which word stands there. A probe with many weights can
#    learn any label word by word, even a label that means nothing.
# 2. **The model may not use what the probe reads.** Only an intervention can tell.
#
# For the first, Hewitt and Liang invented the **control task**. Draw a random class for each *word*, once and for all.
# Train a second probe of the same kind on these nonsense labels. Its accuracy says how much a probe can learn by heart.
# The difference is the **selectivity**:
#
# $$\mathrm{selectivity} = \mathrm{accuracy} - \mathrm{accuracy\ on\ the\ control\ task}$$
#
# **A small example.** A probe for "has this name come before?" is right for 0.95 of the held-out tokens. On the control
# task the probe is right for 0.90. The selectivity is only 0.05, so the 0.95 is weak evidence. If the control task
# gives 0.50, the selectivity is 0.45, and the probe found something that is not just the word.
#
# **The probe here** is ridge regression on one-hot classes. It has a formula, so everybody gets the same probe. Let
# $\tilde X$ and $\tilde Y$ be the activations and the one-hot labels with their means over the $n$ tokens taken away:
#
# $$W = \big(\tilde X^\top \tilde X + \lambda\, n\, I\big)^{-1}\, \tilde X^\top \tilde Y, \qquad
#   \mathbf{b} = \bar{\mathbf{y}} - \bar{\mathbf{x}}\, W$$
#
# The predicted class is the largest entry of $\mathbf{x} W + \mathbf{b}$. A larger $\lambda$ makes the probe simpler.
#
# **Shapes.** `activations` is `[n, d]`; `labels` is `[n]` with whole numbers from 0; $W$ is `[d, n_classes]` and
# $\mathbf{b}$ is `[n_classes]`. `control` is `[n_words]`: the class that was drawn for each word.
#
# Sources: Hewitt and Liang 2019, [Designing and Interpreting Probes with Control
# Tasks](https://arxiv.org/abs/1909.03368), section 2; Belinkov 2021, [Probing Classifiers: Promises, Shortcomings, and
# Advances](https://arxiv.org/abs/2102.12452), on reading against using.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    """Fit a linear probe by ridge regression on one-hot classes, with a bias that is not punished.

    Source: Hewitt and Liang 2019, https://arxiv.org/abs/1909.03368 (linear probes).

    Args:
        activations: shape `[token, d]`.
        labels: the class of each token, from 0 to `n_classes - 1`, shape `[token]`; a class may be missing.
        n_classes: number of classes.
        ridge: λ of the formula, above 0.

    Returns:
        The weights `[d, n_classes]` and the bias `[n_classes]`, of the activations' type.

    Raises:
        ValueError: `ridge` is 0 or below.

    """
    if not ridge > 0:
        raise ValueError("the ridge must be above 0")
    x = activations.double()
    y = (labels.unsqueeze(dim=1) == torch.arange(n_classes, device=labels.device)).double()
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    x_left, y_left = x - x_mean, y - y_mean
    penalty = ridge * len(x) * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weights = torch.linalg.solve(x_left.T @ x_left + penalty, x_left.T @ y_left)
    bias = y_mean - x_mean @ weights
    return weights.to(activations.dtype), bias.to(activations.dtype)


def probe_control(
    train: Float[Tensor, "train d"],
    train_labels: Int[Tensor, " train"],
    train_words: Int[Tensor, " train"],
    test: Float[Tensor, "test d"],
    test_labels: Int[Tensor, " test"],
    test_words: Int[Tensor, " test"],
    control: Int[Tensor, " n_words"],
    n_classes: int,
    ridge: float,
) -> dict[str, float]:
    """Judge a probe on held-out tokens, beside a probe of the same kind on a control task.

    Source: Hewitt and Liang 2019, https://arxiv.org/abs/1909.03368, section 2.2.

    Args:
        train: activations to fit on, shape `[train, d]`.
        train_labels: their classes, from 0 to `n_classes - 1`, shape `[train]`.
        train_words: which word each of them is, as an index into `control`, shape `[train]`.
        test: activations to judge on, shape `[test, d]`.
        test_labels: their classes, shape `[test]`.
        test_words: which word each of them is, shape `[test]`.
        control: the class drawn for each word, shape `[n_words]`, from 0 to `n_classes - 1`.
        n_classes: number of classes of both tasks.
        ridge: λ of both probes, above 0.

    Returns:
        Three floats: `accuracy`, the share of test tokens for which the probe's class is the label; `control_accuracy`,
        the same for the control task; `selectivity`, the first minus the second.

    """

    def judge(known: Tensor, asked: Tensor, hidden: Tensor) -> float:
        """Give the share of the tokens asked about that a probe for these labels gets right."""
        weights, bias = fit_probe(train, known, n_classes, ridge)
        right = (asked @ weights + bias).argmax(dim=1) == hidden
        return int(right.sum()) / len(right)

    accuracy = judge(train_labels, test, test_labels)
    by_heart = judge(control[train_words], test, control[test_words])
    return {"accuracy": accuracy, "control_accuracy": by_heart, "selectivity": accuracy - by_heart}


# %% [markdown]
# **Look at it.** The tokens are the names in prompts such as "Julia and Mark went to the hotel. Mark gave a bottle to".
# The label: has this name come before in the text? The control task draws 0 or 1 for each name. Where can the label be
# read? And does the answer change when the probe's direction is taken out?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.directions import answer_without, control_classes, returning_names

    bench = open_bench(lab="lab1")  # Lab 5 is graded on tensors alone; here we want a model
    places = [f"blocks.{layer}.hook_resid_{at}" for layer in range(bench.n_layers) for at in ("pre", "post")]
    sets = [returning_names(bench.model, count, seed) for count, seed in ((160, 1), (64, 2))]
    control = control_classes(bench.model.cfg.d_vocab, seed=0)
    rows = []
    for place in places:
        (x, labels, words), (y, truth, others) = (names.at(place) for names in sets)
        found = probe_control(x, labels, words, y, truth, others, control, 2, 0.01)
        weights, _ = fit_probe(x, labels, 2, 0.01)
        clean, without = answer_without(bench.model, place, weights[:, 1] - weights[:, 0])
        rows.append([found["accuracy"], found["control_accuracy"]])
        print(
            f"{place:25} accuracy {found['accuracy']:.2f}  control {found['control_accuracy']:.2f}  selectivity "
            f"{found['selectivity']:+.2f}  logit difference {clean:.1f}, without the direction {without:.1f}"
        )
    plots.lines(
        {"the name came before": [row[0] for row in rows], "control task": [row[1] for row in rows]},
        x=list(range(len(places))),
        xlabel="place: before and after each layer",
        ylabel="accuracy on held-out tokens",
        title="What a linear probe reads, and what it learns by heart",
        save="patching_results/probe_control",
    )
