"""Right and wrong ways to steer."""

import torch

from mechgrade.authoring.variants import accepted, misconception


@accepted(replaces="steering_hook")
def by_clone(sae, latent, coefficient):
    """A copy, to which the scaled direction is added in place."""
    direction = coefficient * sae.W_dec[latent].detach()

    def add(value, hook):
        new = value.clone()
        new += direction.to(new.dtype)
        return new

    return add


@accepted(replaces="ablation_hook")
def by_outer_product(sae, latent):
    """The latent's own pre-computed column through the whole encoder; an outer product over all positions."""
    direction = sae.W_dec[latent]

    def take_away(value, hook):
        activation = sae.encode(value).select(-1, latent)
        return value.sub(torch.einsum("bp,d->bpd", activation, direction))

    return take_away


@accepted
def by_added_hooks(model, tokens, hook_name, hook, steps):
    """The hook added once and reset at the end; the most likely token by sorting."""
    model.add_hook(hook_name, hook)
    try:
        with torch.no_grad():
            rows = tokens.clone()
            while rows.shape[1] < tokens.shape[1] + steps:
                best = model(rows)[:, -1:].sort(dim=-1, descending=True).indices[..., 0]
                rows = torch.hstack([rows, best])
    finally:
        model.reset_hooks()
    return rows


@accepted
def row_by_row(model, tokens, hook_name, hook, steps):
    """One prompt after the other."""
    rows = []
    for row in tokens.split(1):
        for _ in range(steps):
            with torch.no_grad(), model.hooks(fwd_hooks=[(hook_name, hook)]):
                probabilities = model(row)[0, -1].softmax(dim=-1)
            row = torch.cat([row, probabilities.topk(1).indices[None]], dim=1)
        rows.append(row)
    return torch.cat(rows)


@misconception(
    "Your steering hook returns nothing, so the model goes on with the activation as it was. A hook has to `return` the "
    "new one.",
    replaces="steering_hook",
)
def steering_returns_nothing(sae, latent, coefficient):
    def add(value, hook):
        value = value + coefficient * sae.W_dec[latent]

    return add


@misconception(
    "You steer at the last position only. Every position gets the direction: later steps look back at all of them.",
    replaces="steering_hook",
)
def last_position_only(sae, latent, coefficient):
    def add(value, hook):
        new = value.clone()
        new[:, -1] += coefficient * sae.W_dec[latent]
        return new

    return add


@misconception(
    "You add the encoder's direction. It tells when the latent fires; what the latent writes is its row of the decoder.",
    replaces="steering_hook",
)
def encoder_direction(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * sae.W_enc[:, latent]

    return add


@misconception(
    "You make the direction unit length before you add it. The coefficient is in units of the latent's activation, which "
    "multiplies the decoder's row as it is.",
    replaces="steering_hook",
)
def unit_direction(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * sae.W_dec[latent] / sae.W_dec[latent].norm()

    return add


@misconception(
    "You set the latent *to* the coefficient, by adding what it lacks. This is clamping, another method; here the "
    "coefficient is added to whatever is there, so that 0 changes nothing.",
    replaces="steering_hook",
)
def clamps(sae, latent, coefficient):
    def add(value, hook):
        lacking = coefficient - sae.encode(value)[..., latent, None]
        return value + lacking * sae.W_dec[latent]

    return add


@misconception(
    "You add the direction to the *reconstruction*. Then everything that the SAE misses is lost as well; add it to the "
    "activation itself.",
    replaces="steering_hook",
)
def steers_the_reconstruction(sae, latent, coefficient):
    def add(value, hook):
        return sae.decode(sae.encode(value)) + coefficient * sae.W_dec[latent]

    return add


@misconception(
    "You decode the latent with `sae.decode`, which adds the decoder's bias too. Even a coefficient of 0 changes the "
    "activation then.",
    replaces="steering_hook",
)
def adds_the_bias(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * sae.W_dec[latent] + sae.b_dec

    return add


@misconception(
    "Your steering hook writes into the activation in place. It is not yours alone: whoever cached it finds it changed. "
    "Return a new tensor.",
    replaces="steering_hook",
)
def steers_in_place(sae, latent, coefficient):
    def add(value, hook):
        value += coefficient * sae.W_dec[latent]
        return value

    return add


@misconception(
    "You replace the activation by its reconstruction without the latent. That removes everything that the SAE misses as "
    "well; take only the latent's own contribution away.",
    replaces="ablation_hook",
)
def loses_the_error(sae, latent):
    def take_away(value, hook):
        latents = sae.encode(value)
        latents[..., latent] = 0
        return sae.decode(latents)

    return take_away


@misconception(
    "You project the direction out of the activation. That also removes what other latents and the error have along it; "
    "ablation takes away the latent's activation times its direction.",
    replaces="ablation_hook",
)
def projects_out(sae, latent):
    def take_away(value, hook):
        unit = sae.W_dec[latent] / sae.W_dec[latent].norm()
        return value - (value @ unit)[..., None] * unit

    return take_away


@misconception(
    "You subtract the direction once, however active the latent is. Multiply it by the latent's activation at each "
    "position, which is 0 where the latent is silent.",
    replaces="ablation_hook",
)
def one_unit_away(sae, latent):
    def take_away(value, hook):
        return value - sae.W_dec[latent]

    return take_away


@misconception(
    "You add the latent's contribution in place of taking it away: the sign is wrong.",
    replaces="ablation_hook",
)
def ablation_adds(sae, latent):
    def take_away(value, hook):
        return value + sae.encode(value)[..., latent, None] * sae.W_dec[latent]

    return take_away


@misconception("You return the new tokens alone. The prompts belong in front of their continuations.")
def new_tokens_only(model, tokens, hook_name, hook, steps):
    rows = tokens
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(rows, fwd_hooks=[(hook_name, hook)])
        rows = torch.cat([rows, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return rows[:, tokens.shape[1] :]


@misconception(
    "The hook acts at the first step only. From then on an unsteered model continues; put the hook in at every step."
)
def first_step_only(model, tokens, hook_name, hook, steps):
    for step in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)] if step == 0 else [])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "Your hook stays on the model after you are done, so that everything that runs later is steered too. Use "
    "`run_with_hooks`, or `reset_hooks()` at the end."
)
def leaves_the_hook(model, tokens, hook_name, hook, steps):
    model.add_hook(hook_name, hook)
    for _ in range(steps):
        with torch.no_grad():
            logits = model(tokens)
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "Each row continues with what the first row's logits say. Every prompt has its own next token: keep the batch axis."
)
def one_token_for_all(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        best = logits[0, -1].argmax()
        tokens = torch.cat([tokens, best.expand(len(tokens), 1)], dim=1)
    return tokens


@misconception(
    "You read the next token off the first position's logits. What comes next is foretold at the *last* position."
)
def reads_the_first_position(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, 0].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens
