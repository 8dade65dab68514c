"""Road: boolean indexing picks the latents that have a direction, and only those are written to, in clones."""

import torch
from torch import Tensor


def normalise_decoder(W_enc: Tensor, b_enc: Tensor, W_dec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    alive = (W_dec != 0).any(dim=-1)
    lengths = W_dec[alive].norm(dim=-1)
    W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()
    W_enc[:, alive] = W_enc[:, alive] * lengths
    b_enc[alive] = b_enc[alive] * lengths
    W_dec[alive] = W_dec[alive] / lengths[:, None]
    return W_enc, b_enc, W_dec


def remove_parallel(gradient: Tensor, W_dec: Tensor) -> Tensor:
    alive = (W_dec != 0).any(dim=-1)
    units = W_dec[alive] / W_dec[alive].norm(dim=-1, keepdim=True)
    result = gradient.clone()
    along = torch.linalg.vecdot(result[alive], units)
    result[alive] = torch.addcmul(result[alive], along[:, None], units, value=-1)
    return result
