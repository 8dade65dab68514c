# WRONG: chooses the latent whose AUROC is farthest from 1/2 in either direction; promised: 'the latent with the highest AUROC'
import torch


def auroc(latents, labels):
    labels = labels.bool()
    inside, outside = latents[labels], latents[~labels]
    if min(len(inside), len(outside)) == 0:
        raise ValueError("the concept must have some of the tokens, and not all")
    ladder = outside.T.contiguous().sort(dim=1).values  # [d_sae, other tokens]
    wanted = inside.T.contiguous()
    below = torch.searchsorted(ladder, wanted, right=False)
    not_above = torch.searchsorted(ladder, wanted, right=True)
    wins = (below + not_above).sum(dim=1).double() / 2
    return (wins / (len(inside) * len(outside))).to(latents.dtype)


def name_latents(train_latents, train_labels, test_latents, test_labels):
    rows = []
    for train, test in zip(train_labels, test_labels, strict=True):
        scores, held_out = auroc(train_latents, train), auroc(test_latents, test)
        best = (scores - 0.5).abs().argmax()
        rows.append((best, scores[best], held_out[best]))
    latent, chosen, judged = (torch.stack(column) for column in zip(*rows, strict=True))
    return {"latent": latent, "train_auroc": chosen, "test_auroc": judged}
