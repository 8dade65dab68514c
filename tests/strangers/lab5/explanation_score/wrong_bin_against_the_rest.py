# WRONG: a bin's active contexts are scored beside all other contexts, so the active ones of other bins count as silent; promised: 'Score each bin's active contexts beside *all* silent contexts.'
# Generated from solutions/lab5/explanation_score.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Scoring an explanation
#
# You look at the ten strongest examples of a latent. All of them are the word "handed". So you write: "this latent is
# for *handed*". Is the explanation right? The ten examples cannot tell you: you made the explanation from them. Perhaps
# the latent is active on a thousand other words, only less strongly.
#
# So score the explanation on texts of all kinds. Here a **description** is something that a computer can apply: a
# function that takes tokens and says at which of them the description fits. (With real latents a language model plays
# this part. The scores are the same.)
#
# Cut text into **contexts** of equal length. A token is *active* if the latent's activation there is above 0, and a
# context is *active* if one of its tokens is. All other contexts are *silent*.
#
# **Detection: does the latent react to this context?** The description says yes if it fits at any token of the context.
# The truth is yes if the context is active.
#
# **Fuzzing: are the right tokens marked?** Show each active context twice. Once all its active tokens are marked. Once
# other tokens are marked, the **decoys**. The description says "marked right" if it fits at *more than half* of the
# marked tokens.
#
# **Balanced accuracy.** A latent is silent nearly everywhere. So "never active" would be right nearly always. The score
# is therefore the mean of two shares: the share that is judged right among what is true, and among what is not true.
# Whoever always gives the same answer gets 0.5.
#
# **By strength.** Sort the active contexts by their largest activation, and cut the order into bins of equal size. Score
# each bin's active contexts beside *all* silent contexts. For fuzzing, take both markings of the bin's contexts.
# If the strongest bin has 1.0 and the others 0.5, you have explained only the strongest examples.
#
# **A small example.** Four contexts, with the activation of each token in brackets:
#
# | context | |
# |---|---|
# | 0 | she handed (5) him tea |
# | 1 | he gave (2) her tea |
# | 2 | we sat down here |
# | 3 | it was raining again |
#
# The description is "the word *handed*". Detection: among the active contexts it is right for one of two, among the
# silent ones for two of two. So the score is $(0.5 + 1) / 2 = 0.75$. With two bins, the weak one has
# $(0 + 1) / 2 = 0.5$ and the strong one $(1 + 1) / 2 = 1$. Fuzzing: the decoy is "tea" in both active contexts. The
# right marks are accepted once, the decoys are rejected twice: 0.75 again.
#
# Source: Paulo et al. 2024, [Automatically Interpreting Millions of Features in Large Language
# Models](https://arxiv.org/abs/2410.13928).

# %%
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Description = Callable[[Tensor], Tensor]  # from tokens [context, pos] to where the description fits, [context, pos]


# %%
def balanced_accuracy(said: Bool[Tensor, " n"], true: Bool[Tensor, " n"]) -> float:
    """Give the mean of two shares: how many answers are right where the truth is yes, and where it is no.

    Args:
        said: the answers, shape `[n]`.
        true: the truth, shape `[n]`.

    Returns:
        Between 0 and 1. An answer that is always the same gets 0.5.

    Raises:
        ValueError: the truth is never yes, or never no.

    """
    yes, no = int(true.sum()), int((~true).sum())
    if yes == 0 or no == 0:
        raise ValueError("the truth is always the same")
    return (int((said & true).sum()) / yes + int((~said & ~true).sum()) / no) / 2


def strength_bins(activations: Float[Tensor, "context pos"], n_bins: int) -> Int[Tensor, " context"]:
    """Sort active contexts into bins of equal size, by how strongly the latent is active.

    Args:
        activations: of one latent, shape `[context, pos]`, not negative.
        n_bins: how many bins.

    Returns:
        The bin of every context, shape `[context]`: -1 for a silent one, 0 for the weakest bin, `n_bins - 1` for the
        strongest. A context's strength is its largest activation. Of equally strong contexts, an earlier one counts as
        weaker. The context at place `rank` of `n` active ones, counted from 0, is in bin `rank * n_bins // n`.

    Raises:
        ValueError: there are fewer active contexts than bins.

    """
    strengths = activations.amax(dim=1)
    places = (strengths > 0).nonzero().squeeze(dim=1)
    count = len(places)
    if count < n_bins:
        raise ValueError("fewer active contexts than bins")
    weakest_first = places[strengths[places].argsort(stable=True)]
    bins = torch.full_like(strengths, -1, dtype=torch.long)
    bins[weakest_first] = torch.arange(count, device=bins.device) * n_bins // max(count, 1)
    return bins


def explanation_score(
    description: Description,
    tokens: Int[Tensor, "context pos"],
    activations: Float[Tensor, "context pos"],
    decoys: Bool[Tensor, "context pos"],
    n_bins: int,
) -> dict[str, float | list[float]]:
    """Score a description of a latent by detection and by fuzzing, in all and by strength.

    Source: Paulo et al. 2024, https://arxiv.org/abs/2410.13928

    Args:
        description: from tokens to where the description fits, both of shape `[context, pos]`. It may look at a whole
            context to judge one of its tokens.
        tokens: shape `[context, pos]`.
        activations: of the latent, shape `[context, pos]`, not negative; active is above 0.
        decoys: which tokens are marked wrongly, shape `[context, pos]`. Every active context has at least one, and none
            is active. In silent contexts decoys mean nothing.
        n_bins: how many bins of strength.

    Returns:
        `detection` and `fuzzing`: the balanced accuracy over all contexts, and over both markings of all active
        contexts. `detection_by_bin` and `fuzzing_by_bin`: a list for each, from the weakest bin to the strongest.

    Raises:
        ValueError: no context is silent, or there are fewer active contexts than bins.

    """
    marks = activations > 0
    active = marks.any(dim=1)
    if active.all():
        raise ValueError("no context is silent")
    bins = strength_bins(activations, n_bins)
    fits = description(tokens).bool()
    reacts = fits.any(dim=1)
    accepted = [2 * (fits & marked).sum(dim=1) > marked.sum(dim=1) for marked in (marks, decoys)]

    def detection(chosen: Tensor) -> float:
        rows = chosen | ~active
        return balanced_accuracy(reacts[rows], active[rows])

    def fuzzing(chosen: Tensor) -> float:
        said = torch.cat([judged[chosen] for judged in accepted])
        return balanced_accuracy(said, torch.arange(len(said), device=said.device) < len(said) // 2)

    each = [bins == number for number in range(n_bins)]
    return {
        "detection": detection(active),
        "fuzzing": fuzzing(active),
        "detection_by_bin": [balanced_accuracy(reacts, rows) for rows in each],
        "fuzzing_by_bin": [fuzzing(rows) for rows in each],
    }


# %% [markdown]
# **Look at it.** Two latents of the course's autoencoder. First the words at which they are strongest. Then descriptions
# of them, scored by tenths of strength.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.explanations import ALL_NAMES, GIVING, NAME, VERBS_OF_GIVING, contexts, words

    bench = open_bench(lab="lab4")  # Lab 5 is graded on tensors alone; here we want a model and its autoencoder
    told = {
        GIVING: {"handed": (" handed",), "a verb of giving": VERBS_OF_GIVING},
        NAME: {"Emma": (" Emma",), "a name": ALL_NAMES},
    }
    curves: dict[str, list[float]] = {}
    for latent, found in contexts(bench.model, bench.sae, list(told)).items():
        peaks, places = found.activations.max(dim=1)
        strongest = [int(found.tokens[row, places[row]]) for row in peaks.argsort(descending=True)[:10]]
        print(f"latent {latent}, strongest at:", *bench.model.to_str_tokens(torch.tensor(strongest)))
        for name, chosen in told[latent].items():
            score = explanation_score(words(chosen), found.tokens, found.activations, found.decoys, 10)
            print(f"  '{name}': detection {score['detection']:.2f}, fuzzing {score['fuzzing']:.2f}")
            for kind in ("detection", "fuzzing") if latent == GIVING or len(chosen) > 1 else ():
                by_bin = score[f"{kind}_by_bin"]
                assert isinstance(by_bin, list)
                curves[f"{latent}, '{name}': {kind}"] = by_bin
    plots.lines(
        curves,
        x=list(range(1, 11)),
        xlabel="tenth of strength, the strongest last",
        ylabel="balanced accuracy",
        title="Descriptions of two latents, scored by strength",
        save="sae_features/explanation_score",
    )
