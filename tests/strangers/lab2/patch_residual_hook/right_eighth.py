# RIGHT: correct in every promise
import torch


def patch_residual_hook(resid, hook, position, clean):
    if tuple(resid.shape) != tuple(clean.shape):
        raise ValueError(f"the streams differ in shape: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position not in range(resid.shape[1]):
        raise ValueError(f"there is no position {position}")
    here = torch.arange(resid.shape[1], device=resid.device) == position
    return torch.where(here[:, None], clean, resid)
