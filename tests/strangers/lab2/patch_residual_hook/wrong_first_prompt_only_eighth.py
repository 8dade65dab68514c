# WRONG: patches the first prompt of the batch alone; promised: 'for every prompt of the batch'
def patch_residual_hook(resid, hook, position, clean):
    if resid.shape != clean.shape:
        raise ValueError("shapes differ")
    if not 0 <= position < resid.shape[1]:
        raise ValueError("no such position")
    resid[0, position] = clean[0, position]
    return resid
