# WRONG: copies the other positions into the clean stream and returns it; promised: `clean` 'stays as it is'
def patch_residual_hook(resid, hook, position, clean):
    if resid.shape != clean.shape:
        raise ValueError("shapes")
    if position < 0 or position >= resid.shape[1]:
        raise ValueError("position")
    patched = clean
    patched[:, :position] = resid[:, :position]
    patched[:, position + 1 :] = resid[:, position + 1 :]
    return patched
