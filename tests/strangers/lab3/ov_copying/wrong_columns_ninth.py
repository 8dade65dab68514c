# WRONG: looks at the columns: which token would have to be attended to; promised: 'a row counts when fewer than `k` of its entries are strictly larger than the token's own.'
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import FactoredMatrix


def full_ov_circuit(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> FactoredMatrix:
    """Attended token to logits, as two factors."""
    read = torch.einsum("td,dh->th", W_E, W_V)
    write = torch.einsum("hd,dt->ht", W_O, W_U)
    return FactoredMatrix(read, write)


def ov_copying(circuit: FactoredMatrix, tokens: Int[Tensor, " token"], k: int) -> float:
    """The share of tokens whose own logit is among the k largest of their row."""
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if tokens.numel() == 0:
        raise ValueError("there are no tokens")
    ids = tokens.to(circuit.A.device).long()
    hits = 0
    for part in ids.split(128):
        rows = (circuit.A @ circuit.B[:, part]).T
        own = rows.gather(1, part[:, None])
        larger = (rows > own).sum(dim=1)
        hits += int((larger < k).sum())
    return hits / len(ids)
