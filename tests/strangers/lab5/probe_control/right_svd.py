import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_probe(
    activations: Float[Tensor, "token d"], labels: Int[Tensor, " token"], n_classes: int, ridge: float
) -> tuple[Float[Tensor, "d n_classes"], Float[Tensor, " n_classes"]]:
    if ridge <= 0:
        raise ValueError("λ is not above 0")
    x = activations.double()
    n = len(x)
    one_hot = (labels[:, None] == torch.arange(n_classes, device=labels.device)).to(x)
    u, s, vt = torch.linalg.svd(x - x.mean(dim=0, keepdim=True), full_matrices=False)
    # the means of y need not be taken away here: the columns of the centred x sum to 0
    weights = torch.einsum("rd,r,nr,nc->dc", vt, s / (s.square() + ridge * n), u, one_hot)
    bias = one_hot.mean(dim=0) - torch.einsum("nd,dc->c", x, weights) / n
    return weights.to(activations), bias.to(activations)


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
    both = []
    for train_truth, test_truth in (
        (train_labels, test_labels),
        (control.index_select(0, train_words.long()), control.index_select(0, test_words.long())),
    ):
        weights, bias = fit_probe(train, train_truth, n_classes, ridge)
        scores = torch.addmm(bias.double(), test.double(), weights.double())
        both.append(int((scores.max(dim=1).indices == test_truth).sum()) / len(test))
    return {"accuracy": both[0], "control_accuracy": both[1], "selectivity": both[0] - both[1]}
