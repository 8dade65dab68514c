# Generated from solutions/lab4/name_latents.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Finding the latent for a concept
#
# Earlier in this lab you had a latent and asked what it stands for. Now turn the question round. You have a
# **concept**, and tokens that are labelled: part of the concept or not. Which latent stands for the concept, and how
# well?
#
# A latent is a score for every token. A good latent is higher on tokens of the concept than on others. The **AUROC**
# (area under the receiver operating characteristic) says how often. It is the chance that a random token of the concept
# has a higher activation than a random other token. Equal activations count half:
#
# $$\mathrm{AUROC} = \frac{1}{n_+ n_-} \sum_{i \in +} \sum_{k \in -} \Big( [f_i > f_k] + \tfrac{1}{2} [f_i = f_k] \Big)$$
#
# 1 is perfect, ½ is chance, 0 is perfectly upside down. **Ties matter here**: a latent is 0 on most tokens, so most
# pairs of a rare latent are ties. A latent that never fires has exactly ½.
#
# **A small example.** The concept's tokens have the activations 3 and 0, two other tokens have 1 and 0. The four pairs
# give 1 (3 > 1), 1 (3 > 0), 0 (0 < 1) and ½ (0 = 0). The AUROC is 2.5 / 4 = 0.625.
#
# **The weakness of AUROC.** It needs no threshold, and it does not depend on how rare the concept is. That sounds good,
# and it hides something. Suppose 1 % of the tokens belong to the concept, and the latent fires on all of them and on 4
# % of the other tokens. Its AUROC is 0.98. But when the latent fires, only one token in five belongs to the concept. So
# also report *precision* (the share of the firing tokens that belong to the concept) or F1.
#
# The next part often goes wrong. With hundreds or thousands of latents, the best latent on a few labelled tokens is
# partly *lucky*: its AUROC on these tokens is too good. So **choose on one set, and judge on another set** that had no
# part in the choice.
#
# **Shapes.** `latents`: `[token, d_sae]`; `labels` of one concept: `[token]`, of several: `[concept, token]`; AUROC:
# `[d_sae]`. For each concept the result has the chosen latent and its AUROC on both sets: three tensors `[concept]`.
#
# Sources: Hanley and McNeil 1982, [The Meaning and Use of the Area under a ROC
# Curve](https://doi.org/10.1148/radiology.143.1.7063747); Gurnee et al. 2023, [Finding Neurons in a
# Haystack](https://arxiv.org/abs/2305.01610), who look for neurons in this way; Kantamneni et al. 2025, [Are Sparse
# Autoencoders Useful?](https://arxiv.org/abs/2502.16681), on why the held-out set is needed.

# %%
import torch
from jaxtyping import Bool, Float
from torch import Tensor


# %%
def auroc(latents: Float[Tensor, "token d_sae"], labels: Bool[Tensor, " token"]) -> Float[Tensor, " d_sae"]:
    """Give the AUROC of every latent as a score for a label.

    Source: Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Args:
        latents: activations, shape `[token, d_sae]`.
        labels: which tokens belong to the concept, shape `[token]`.

    Returns:
        For each latent the chance that a token of the concept has a higher activation than another one, equal ones counted
        half; shape `[d_sae]`, of the activations' type.

    Raises:
        ValueError: no token belongs to the concept, or all do.

    """
    belongs = labels.bool()
    n_plus, n_minus = int(belongs.sum()), int((~belongs).sum())
    if n_plus == 0 or n_minus == 0:
        raise ValueError("the concept has no token, or all of them")
    inside = latents[belongs].T.contiguous()
    outside = latents[~belongs].T.contiguous().sort(dim=1).values
    below = torch.searchsorted(outside, inside, right=False)
    below_or_equal = torch.searchsorted(outside, inside, right=True)
    wins = (below + below_or_equal).sum(dim=1).double() / 2
    return (wins / (n_plus * n_minus)).to(latents.dtype)


def name_latents(
    train_latents: Float[Tensor, "train d_sae"],
    train_labels: Bool[Tensor, "concept train"],
    test_latents: Float[Tensor, "test d_sae"],
    test_labels: Bool[Tensor, "concept test"],
) -> dict[str, Tensor]:
    """Choose a latent for each concept, and judge it on tokens that had no part in the choice.

    Source: Gurnee et al. 2023, https://arxiv.org/abs/2305.01610

    Args:
        train_latents: activations to choose by, shape `[train, d_sae]`.
        train_labels: which of these tokens belong to each concept, shape `[concept, train]`.
        test_latents: activations to judge by, shape `[test, d_sae]`.
        test_labels: which of those tokens belong to each concept, shape `[concept, test]`.

    Returns:
        Three tensors of shape `[concept]`: `latent`, the number of the latent with the highest AUROC on the tokens to
        choose by (the first of several equals); `train_auroc` and `test_auroc`, its AUROC on both sets.

    Raises:
        ValueError: in one of the sets a concept has no token, or all.

    """
    n_concepts = train_labels.shape[0]
    chosen = torch.zeros(n_concepts, dtype=torch.long, device=train_latents.device)
    train_auroc, test_auroc = train_latents.new_zeros(n_concepts), test_latents.new_zeros(n_concepts)
    for concept in range(n_concepts):
        scores = auroc(train_latents, train_labels[concept])
        judged = auroc(test_latents, test_labels[concept])
        latent = int((scores == scores.max()).nonzero()[0])
        chosen[concept], train_auroc[concept], test_auroc[concept] = latent, scores[latent], judged[latent]
    return {"latent": chosen, "train_auroc": train_auroc, "test_auroc": test_auroc}


# %% [markdown]
# **Look at it.** A latent for each of the course's concepts, chosen on some sentences and judged on others: on
# sentences that the SAE never saw, and on sentences of another form.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.labels import concepts_of_pieces
    from interp.prompts import LABELLED_CONCEPTS, mixed_prompts

    bench = open_bench()
    name = bench.sae.cfg.metadata.hook_name

    def labelled(sentences: list[tuple[str, ...]]) -> tuple[Tensor, Tensor]:
        tokens = bench.tokens(["".join(sentence) for sentence in sentences])
        with torch.no_grad():
            latents = bench.sae.encode(bench.cache(tokens, [name])[name])[tokens != bench.bos]
        marks = []
        for sentence, row in zip(sentences, tokens.tolist(), strict=True):
            pieces = [bench.model.to_string([token]) for token in row if token != bench.bos]
            marks += concepts_of_pieces(sentence, pieces)
        return latents, torch.tensor([[concept in of for of in marks] for concept in LABELLED_CONCEPTS])

    train = labelled(mixed_prompts(300, seed=1))
    results = {
        "held-out sentences": name_latents(*train, *labelled(mixed_prompts(300, seed=2, part="held_out"))),
        "other forms of sentences": name_latents(*train, *labelled(mixed_prompts(300, seed=3, part="unseen"))),
    }
    found = results["held-out sentences"]
    for place, concept in enumerate(LABELLED_CONCEPTS):
        scores = "  ".join(f"{part} {result['test_auroc'][place]:.3f}" for part, result in results.items())
        print(f"{concept:15} latent {found['latent'][place]:4}  chosen by {found['train_auroc'][place]:.3f}  {scores}")
    plots.heatmap(
        torch.stack([found["train_auroc"], *(result["test_auroc"] for result in results.values())], dim=1),
        x=["chosen by", *results],
        y=[f"{concept}: {latent}" for concept, latent in zip(LABELLED_CONCEPTS, found["latent"].tolist(), strict=True)],
        xlabel="tokens",
        ylabel="concept and its latent",
        title="The best latent for each concept",
        value="AUROC",
        save="sae_features/named_latents",
    )

    # How lucky is the best of many? With labels that mean nothing, from few tokens.
    generator = torch.Generator().manual_seed(0)
    some = torch.randperm(len(train[0]), generator=generator)[:60]
    nonsense = torch.rand(20, 60, generator=generator) < 0.2
    lucky = name_latents(train[0][some[:30]], nonsense[:, :30], train[0][some[30:]], nonsense[:, 30:])
    print(
        f"labels drawn by lot, 30 tokens: chosen by {lucky['train_auroc'].mean():.2f}, "
        f"on 30 others {lucky['test_auroc'].mean():.2f}"
    )
