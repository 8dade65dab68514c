# %% [markdown]
# # Predict, then look
#
# A plot always looks as if you had expected it. So write down what you expect *before* you look. Then the plot can
# surprise you, and a surprise is where you learn. Researchers do this too, because a story that is made up after the
# result fits any result.
#
# A prediction here is a map of probabilities: for each head, how likely is it that something happens? You say 0.9 for
# one head and 0.2 for another. Then you look. For each head it happened, or it did not: $o = 1$ or $o = 0$. How good
# was the prediction? Four numbers say it, and each says something else.
#
# 1. **Brier score**: the mean squared distance between probability and outcome, $\frac{1}{N} \sum_i (p_i - o_i)^2$. 0
#    is perfect. Saying 0.5 everywhere gives 0.25.
# 2. **Log score**: the mean of $-\ln q_i$. Here $q_i$ is the probability that you gave to what really came: $p_i$ if it
#    happened, $1 - p_i$ if it did not. 0 is perfect. Being sure and wrong costs infinitely much.
# 3. **Skill**: is it better than a simple prediction? The simple one says the same for all: the share $\bar o$ of what
#    happened. Its Brier score is $\bar o (1 - \bar o)$, so
#
#    $$\mathrm{skill} = 1 - \frac{\mathrm{Brier}}{\bar o\,(1 - \bar o)}$$
#
#    1 is perfect, 0 is no better than the simple prediction, below 0 is worse.
# 4. **Calibration error**: do things to which you give 0.8 happen in 8 of 10 cases? Sort the predictions into $K$
#    **bins** of equal width. In bin $k$ there are $n_k$ predictions, with the mean $\bar p_k$. The share $\bar o_k$ of
#    them happened. Then
#
#    $$\mathrm{calibration\ error} = \sum_k \frac{n_k}{N}\, \big|\bar p_k - \bar o_k\big|$$
#
# **A small example.** You say 0.8, 0.8, 0.2, 0.2. Only the first one happens. The squared distances are 0.04, 0.64,
# 0.04, 0.04, so the Brier score is 0.19. One of four happened, so $\bar o = 0.25$, and the simple prediction has
# $0.25 \cdot 0.75 = 0.1875$. The skill is $1 - 0.19 / 0.1875 = -0.013$: a little worse than the simple prediction. The
# log score is $-(\ln 0.8 + \ln 0.2 + \ln 0.8 + \ln 0.8) / 4 = 0.57$. With two bins, the lower one has two predictions
# with the mean 0.2, and none of them happened. The upper one has two with the mean 0.8, and half of them happened. The
# calibration error is $\frac{2}{4} \cdot 0.2 + \frac{2}{4} \cdot 0.3 = 0.25$.
#
# **Edges of the bins.** With $K$ bins, bin $k$ goes from $k/K$ up to $(k+1)/K$:
#
# - A prediction $p$ belongs to bin $\lfloor Kp \rfloor$: multiply, then round down, so that an edge belongs to the upper
#   of the two bins that it touches. (Where $Kp$ is whole only up to rounding, either bin is right.)
# - A probability of 1 belongs to the last bin.
#
# **Shapes.** `predicted` and `happened` have the same shape, any shape: usually a map `[layer, head]`. Every entry of
# the map is one prediction, and all count the same.
#
# Sources: Brier 1950, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review 78 (he adds
# up both outcomes, so his numbers are twice ours); Gneiting and Raftery 2007, Strictly Proper Scoring Rules,
# Prediction, and Estimation, Journal of the American Statistical Association 102 (why these scores reward saying what
# you believe); Guo et al. 2017, [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599), section 2
# (calibration error by bins, there for the class that a network chooses).

# %% [markdown] tags=["hint"]
# Which number should a prediction of 0.5 everywhere get, and which a prediction that is sure and right everywhere? Try
# both on your `brier_score` and your `log_score`, before you try anything else.

# %% [markdown] tags=["hint"]
# `torch.where(happened, predicted, 1 - predicted)` is the probability that you gave to what came. For the Brier score
# the outcome must be a number: `happened.to(predicted.dtype)`.

# %% [markdown] tags=["hint"]
# The bin of a probability is `(predicted * n_bins).long()`, apart from one probability. Which bin does 1 get in this
# way, and which should it get? Then go through the bins with a mask, `place == k`, and leave out those without a
# prediction.

# %%
import torch
from jaxtyping import Bool, Float
from torch import Tensor


# %%
def brier_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean squared distance between predicted probabilities and outcomes.

    Source: Brier 1950, Monthly Weather Review 78, for one of the two outcomes.

    Args:
        predicted: the probability of each event, from 0 to 1, of any shape.
        happened: whether each event happened, of the same shape.

    Returns:
        The score, from 0 (perfect) to 1.

    """
    ### BEGIN SOLUTION
    return (predicted - happened.to(predicted.dtype)).square().mean().item()
    ### END SOLUTION


def log_score(predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"]) -> float:
    """Give the mean of the negative natural logarithm of the probability given to what came.

    Source: Gneiting and Raftery 2007, section 3.1 (the logarithmic score).

    Args:
        predicted: the probability of each event, from 0 to 1, of any shape.
        happened: whether each event happened, of the same shape.

    Returns:
        The score in nats: 0 for a prediction that is sure and right everywhere, infinity if one is sure and wrong.

    """
    ### BEGIN SOLUTION
    given = torch.where(happened, predicted, 1 - predicted)
    return -given.log().mean().item()
    ### END SOLUTION


def calibration_bins(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> list[tuple[int, float, float]]:
    """Sort predictions into bins of equal width, and compare what was said in each bin with what happened.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 2.

    Args:
        predicted: the probability of each event, from 0 to 1, of any shape.
        happened: whether each event happened, of the same shape.
        n_bins: the number of bins between 0 and 1.

    Returns:
        For each bin that holds a prediction, from the lowest to the highest: how many predictions it holds, the mean of
        these predictions, and the share of these events that happened. A bin without a prediction is left out.

    """
    ### BEGIN SOLUTION
    place = (predicted * n_bins).long().clamp(max=n_bins - 1)
    masks = [place == k for k in range(n_bins)]
    return [
        (int(mask.sum()), predicted[mask].mean().item(), happened[mask].to(predicted.dtype).mean().item())
        for mask in masks
        if mask.any()
    ]
    ### END SOLUTION


def predict_then_look(
    predicted: Float[Tensor, "*map"], happened: Bool[Tensor, "*map"], n_bins: int
) -> dict[str, float | None]:
    """Score a predicted map against what came.

    Source: Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 2; Brier 1950.

    Args:
        predicted: the probability of each event, of any shape.
        happened: whether each event happened.
        n_bins: the number of bins for the calibration error.

    Returns:
        `brier` and `log`, the two scores; `skill`, 1 minus the Brier score divided by that of the simple prediction, or
        None if everything happened or nothing did; `calibration_error`, weighted by the number of predictions in each bin.

    Raises:
        ValueError: the shapes differ, there is no prediction, a probability is below 0 or above 1, or `n_bins` is below
            1.

    """
    ### BEGIN SOLUTION
    if predicted.shape != happened.shape or not predicted.numel():
        raise ValueError(
            f"predictions {tuple(predicted.shape)}, outcomes {tuple(happened.shape)}: one for each is needed"
        )
    if predicted.min() < 0 or predicted.max() > 1 or n_bins < 1:
        raise ValueError(f"probabilities lie between 0 and 1, and there is at least one bin, not {n_bins}")
    brier, share = brier_score(predicted, happened), happened.double().mean().item()
    simple = share * (1 - share)
    bins = calibration_bins(predicted, happened, n_bins)
    return {
        "brier": brier,
        "log": log_score(predicted, happened),
        "skill": 1 - brier / simple if simple else None,
        "calibration_error": sum(count * abs(said - came) for count, said, came in bins) / predicted.numel(),
    }
    ### END SOLUTION


# %% [markdown]
# **Predict.** The course has a second model, in which no attention was supervised. You know the task from Lab 2: "John
# and Mary went to the store. John gave a bottle to". Here is what you may look at before you predict.
#
# - Five heads of nine bring back a part of the answer when you *patch* them alone: L1H1 0.24, L1H2 0.44, L2H0 0.51,
#   L2H1 0.62 and L2H2 0.60. <!-- claim: predict.patched --> All others bring back 0.01 or less. <!-- claim: predict.rest -->
# - From the last word, L1H1 and L1H2 look at the giver (0.96 and 0.95 of their attention). <!-- claim: predict.readers --> L2H0, L2H1 and L2H2
#   look at the receiver (0.98, 0.97 and 0.98). <!-- claim: predict.movers -->
#
# Now the question. Take one head away: put its mean over the prompts in its place. For which heads does the logit
# difference fall by at least a tenth of its value? Write nine probabilities into `mine` below. Then run the cell.
#
# **Look at it.** The cell also scores a naive prediction: "the more a head looks at the names, the more likely it
# matters", with the share of attention as the probability. It is scored on four maps, patching and ablation in both
# models. On a patching map a head counts if it brings back at least a tenth of the logit difference, on an ablation
# map if at least a tenth of it is lost.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.forecasts import name_maps

    mine = torch.tensor(
        [
            [0.5, 0.5, 0.5],  # layer 0: your probabilities for its three heads
            [0.5, 0.5, 0.5],  # layer 1
            [0.5, 0.5, 0.5],  # layer 2
        ]
    )

    said, came = [], []
    for profile in ("embedded", "unsupervised"):
        maps = name_maps(open_bench(profile, lab="lab1").model)
        for what, happened in (("patched", maps.patched), ("ablated", maps.ablated)):
            said.append(maps.attention)
            came.append(happened)
            print(f"attention as the probability, {profile}, {what}: {predict_then_look(maps.attention, happened, 5)}")
    everything = torch.stack(said), torch.stack(came)
    print(f"all four maps: {predict_then_look(*everything, 5)}")

    if (mine == 0.5).all():
        print("Your own prediction: write your nine numbers into `mine`, then run this again to see the real map.")
    else:
        print(f"Your own prediction: {predict_then_look(mine, came[-1], 5)}")
        plots.heatmap(
            came[-1].float(),
            x=["H0", "H1", "H2"],
            y=["L0", "L1", "L2"],
            xlabel="head",
            ylabel="layer",
            title="Does the answer suffer when the head is taken away?",
            value="1: yes, 0: no",
            save="patching_results/predict_then_look_map",
        )
    bins = calibration_bins(*everything, 5)
    plots.lines(
        {"what happened": [share for _, _, share in bins], "perfect calibration": [mean for _, mean, _ in bins]},
        x=[mean for _, mean, _ in bins],
        xlabel="predicted probability (mean of each bin)",
        ylabel="share that happened",
        title="How well is a naive prediction calibrated?",
        save="patching_results/predict_then_look",
    )

# %% [markdown] tags=["found"]
# **What you found.** Attention predicts well what *patching* does. With the share of attention as the probability, the
# skill is 0.68 on the patching map of the supervised model and 0.87 on that of the unsupervised one. <!-- claim: predict.patching --> But on the
# unsupervised model's *ablation* map it is −0.09: worse than saying one number for all nine heads. <!-- claim: predict.ablation --> The log score is
# hit hardest, 0.92 nats against 0.12 on the patching map. <!-- claim: predict.logs -->
#
# Where did it go wrong? At L1H1 and L1H2. They look at the giver with nearly all of their attention, and patching them
# brings the answer back. But without L1H1 the logit difference even rises, from 8.03 to 9.15, and without L1H2 it falls
# only to 7.81. Without both of them it falls to 1.37. <!-- claim: predict.without --> So each of the two can replace the other. *Enough* and
# *needed* are two questions, and in this map their answers differ. The next exercise looks at such pairs.
#
# Perhaps you took the patching map as a guide: 0.9 for the five heads and 0.1 for the rest. That has a Brier score of
# 0.19, and a skill of 0.16. <!-- claim: predict.sure --> With 0.6 and 0.05 the Brier score is 0.13, and the skill is 0.40. <!-- claim: predict.careful --> The order of the heads
# is the same. But you are less sure about the five, and this is a better prediction here. That is what a proper score
# rewards: saying what you believe, as surely as you believe it.
#
# **Look at the calibration plot, too.** In the lower bins nothing happened at all, although their heads give a part of
# their attention to the names. So attention is no probability, even where it gives the right
# order. And note how few events there are: 36 in all, and 14 in the highest bin. <!-- claim: predict.few --> With so few, a calibration error says
# little by itself.
