# WRONG: compares positions and width only, so a clean batch of one is broadcast; promised: ValueError when 'the two streams differ in shape, in any of the three axes'
def patch_residual_hook(resid, hook, position, clean):
    if resid.shape[1:] != clean.shape[1:]:
        raise ValueError("the prompts have different lengths")
    if not 0 <= position < resid.shape[1]:
        raise ValueError("no such position")
    resid[:, position, :] = clean[:, position, :]
    return resid
