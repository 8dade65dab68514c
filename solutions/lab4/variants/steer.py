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


@accepted(replaces="ablation_hook")
def by_two_reconstructions(sae, latent):
    """The reconstruction without the latent minus the reconstruction with it: a silent latent moves by rounding."""

    def take_away(value, hook):
        latents = sae.encode(value)
        without = latents.clone()
        without[..., latent] = 0
        return value + sae.decode(without) - sae.decode(latents)

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
    "You steer only the first text of the batch. Every row gets the direction.",
    replaces="steering_hook",
)
def first_text_only(sae, latent, coefficient):
    def add(value, hook):
        new = value.clone()
        new[0] += coefficient * sae.W_dec[latent]
        return new

    return add


@misconception(
    "You leave the first position alone. Every position gets the direction, the first one too.",
    replaces="steering_hook",
)
def not_the_first_position(sae, latent, coefficient):
    def add(value, hook):
        new = value.clone()
        new[:, 1:] += coefficient * sae.W_dec[latent]
        return new

    return add


@misconception(
    "A negative coefficient does nothing in your hook. It should push away from the latent: add it as it is.",
    replaces="steering_hook",
)
def no_negative_coefficient(sae, latent, coefficient):
    def add(value, hook):
        return value + max(coefficient, 0) * sae.W_dec[latent]

    return add


@misconception(
    "You treat a coefficient of 0 as if it were 1. `if coefficient` and `coefficient or 1` take 0 for missing; 0 should change "
    "nothing.",
    replaces="steering_hook",
)
def zero_is_one(sae, latent, coefficient):
    def add(value, hook):
        return value + (coefficient or 1.0) * sae.W_dec[latent]

    return add


@misconception(
    "Your ablation hook writes into the activation in place. It is not yours alone: whoever cached it finds it changed. "
    "Return a new tensor.",
    replaces="ablation_hook",
)
def ablates_in_place(sae, latent):
    def take_away(value, hook):
        value -= sae.encode(value)[..., latent, None] * sae.W_dec[latent]
        return value

    return take_away


@misconception(
    "You ablate at the last position only. Take the latent's contribution away at every position.",
    replaces="ablation_hook",
)
def ablates_the_last_position(sae, latent):
    def take_away(value, hook):
        new = value.clone()
        new[:, -1] -= sae.encode(value)[:, -1, latent, None] * sae.W_dec[latent]
        return new

    return take_away


@misconception(
    "You take the same amount away at every position, the mean of the latent's activation. Each position has its own activation.",
    replaces="ablation_hook",
)
def ablates_the_mean(sae, latent):
    def take_away(value, hook):
        return value - sae.encode(value)[..., latent, None].mean(dim=1, keepdim=True) * sae.W_dec[latent]

    return take_away


@misconception(
    "You make the direction unit length before you take it away. The latent writes its activation times the decoder's row as it "
    "is.",
    replaces="ablation_hook",
)
def ablates_a_unit_direction(sae, latent):
    def take_away(value, hook):
        unit = sae.W_dec[latent] / sae.W_dec[latent].norm()
        return value - sae.encode(value)[..., latent, None] * unit

    return take_away


@misconception(
    "You use the latent's pre-activation, so that a silent latent is taken away too. Take the latent's activation from "
    "`sae.encode`.",
    replaces="ablation_hook",
)
def ablates_the_pre_activation(sae, latent):
    def take_away(value, hook):
        strength = (value - sae.b_dec) @ sae.W_enc[:, latent] + sae.b_enc[latent]
        return value - strength[..., None] * sae.W_dec[latent]

    return take_away


@misconception(
    "You take a latent away that `sae.encode` gives as 0. Not every SAE is a plain ReLU: ask `sae.encode` for the latent's "
    "activation.",
    replaces="ablation_hook",
)
def relu_by_hand(sae, latent):
    def take_away(value, hook):
        strength = ((value - sae.b_dec) @ sae.W_enc[:, latent] + sae.b_enc[latent]).relu()
        return value - strength[..., None] * sae.W_dec[latent]

    return take_away


@misconception(
    "Your ablation hook is right the first time, and takes the same amount away when it is called again. Compute the latent's "
    "activation in every call, from the activation of that call.",
    replaces="ablation_hook",
)
def remembers_the_first_call(sae, latent):
    kept = []

    def take_away(value, hook):
        if not kept or kept[0].shape[:2] != value.shape[:2]:
            kept[:] = [sae.encode(value)[..., latent, None]]
        return value - kept[0] * sae.W_dec[latent]

    return take_away


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


@misconception(
    "After an error in the hook, your hook stays on the model. Use `run_with_hooks`, or call `reset_hooks()` in a `finally`."
)
def hook_stays_after_an_error(model, tokens, hook_name, hook, steps):
    model.add_hook(hook_name, hook)
    for _ in range(steps):
        with torch.no_grad():
            logits = model(tokens)
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    model.reset_hooks()
    return tokens


@misconception(
    "You stop when every text has come to the end-of-text token. Always append `steps` tokens: the result has "
    "`pos + steps` columns."
)
def stops_at_the_end_of_text(model, tokens, hook_name, hook, steps):
    end = model.tokenizer.eos_token_id
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
        if (tokens[:, -1] == end).all():
            break
    return tokens


@misconception(
    "You never append the end-of-text token, even where it is the most likely one. Every token can come next."
)
def never_the_end_of_text(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        last = logits[:, -1].clone()
        last[:, model.tokenizer.eos_token_id] = -torch.inf
        tokens = torch.cat([tokens, last.argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("The hook acts on the positions of the prompts only. It should act at the new tokens too.")
def prompts_only(model, tokens, hook_name, hook, steps):
    length = tokens.shape[1]

    def on_prompts(value, hook_point):
        return torch.cat([hook(value, hook=hook_point)[:, :length], value[:, length:]], dim=1)

    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, lambda value, hook: on_prompts(value, hook))])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("The hook acts at the last position of each run only. It should act at every position.")
def last_position_of_each_run(model, tokens, hook_name, hook, steps):
    def at_the_end(value, hook_point):
        return torch.cat([value[:, :-1], hook(value, hook=hook_point)[:, -1:]], dim=1)

    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, lambda value, hook: at_the_end(value, hook))])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("You append a token even for `steps=0`. Then the prompts should come back as they are.")
def one_step_at_least(model, tokens, hook_name, hook, steps):
    for _ in range(max(steps, 1)):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "You take all new tokens from one run, the most likely ones in order. The model must run again on the longer text for each "
    "new token."
)
def all_from_one_run(model, tokens, hook_name, hook, steps):
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
    return torch.cat([tokens, logits[:, -1].topk(steps, dim=-1).indices], dim=1)


@misconception(
    "For `steps=0` your hook stays on the model. Return early only before you add the hook, or take the hook away in a "
    "`finally`."
)
def hook_stays_without_steps(model, tokens, hook_name, hook, steps):
    model.add_hook(hook_name, hook)
    if steps == 0:
        return tokens
    try:
        for _ in range(steps):
            with torch.no_grad():
                logits = model(tokens)
            tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    finally:
        model.reset_hooks()
    return tokens


@misconception("The hook acts at a place of your own choice. It should act where `hook_name` says.")
def hook_at_a_fixed_place(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[("blocks.0.hook_resid_pre", hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "You subtract the direction. Steering adds it: a positive coefficient pushes towards the latent.",
    replaces="steering_hook",
)
def steering_subtracts(sae, latent, coefficient):
    def add(value, hook):
        return value - coefficient * sae.W_dec[latent]

    return add


@misconception(
    "You multiply by the latent's own activation as well, so that a silent latent cannot be steered. Add the coefficient times the direction, "
    "whatever the latent is.",
    replaces="steering_hook",
)
def scales_what_is_there(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * sae.encode(value)[..., latent, None] * sae.W_dec[latent]

    return add


@misconception(
    "You put the scaled direction in the activation's place. Add it to the activation.",
    replaces="steering_hook",
)
def direction_alone(sae, latent, coefficient):
    def add(value, hook):
        return (coefficient * sae.W_dec[latent]).expand_as(value).clone()

    return add


@misconception(
    "You multiply the direction by the length of the activation. The coefficient alone says how much is added.",
    replaces="steering_hook",
)
def in_units_of_the_activation(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * value.norm(dim=-1, keepdim=True) * sae.W_dec[latent]

    return add


@misconception(
    "You take the direction of another latent: its number is off by one. Latents are counted from 0.",
    replaces="steering_hook",
)
def latent_off_by_one(sae, latent, coefficient):
    def add(value, hook):
        return value + coefficient * sae.W_dec[latent - 1]

    return add


@misconception(
    "Your ablation hook returns nothing, so the model goes on with the activation as it was. A hook has to `return` the new one.",
    replaces="ablation_hook",
)
def ablation_returns_nothing(sae, latent):
    def take_away(value, hook):
        _ = value - sae.encode(value)[..., latent, None] * sae.W_dec[latent]

    return take_away


@misconception(
    "You ablate along the encoder's direction. What the latent writes goes along its row of the decoder, `sae.W_dec[latent]`.",
    replaces="ablation_hook",
)
def ablates_the_encoder_direction(sae, latent):
    def take_away(value, hook):
        return value - sae.encode(value)[..., latent, None] * sae.W_enc[:, latent]

    return take_away


@misconception(
    "You set the whole activation to 0. Only what this one latent writes is to go.",
    replaces="ablation_hook",
)
def zeroes_the_activation(sae, latent):
    def take_away(value, hook):
        return torch.zeros_like(value)

    return take_away


@misconception(
    "You take the latent's contribution away everywhere but at the first position. Every position counts, the first one too.",
    replaces="ablation_hook",
)
def ablates_after_the_first_position(sae, latent):
    def take_away(value, hook):
        new = value.clone()
        new[:, 1:] -= sae.encode(value)[:, 1:, latent, None] * sae.W_dec[latent]
        return new

    return take_away


@misconception(
    "You ablate in the first text of the batch only. Every row counts.",
    replaces="ablation_hook",
)
def ablates_the_first_text(sae, latent):
    def take_away(value, hook):
        new = value.clone()
        new[0] -= sae.encode(value)[0, :, latent, None] * sae.W_dec[latent]
        return new

    return take_away


@misconception(
    "You return what the latent writes. Take it away from the activation: return the rest.",
    replaces="ablation_hook",
)
def returns_the_contribution(sae, latent):
    def take_away(value, hook):
        return sae.encode(value)[..., latent, None] * sae.W_dec[latent]

    return take_away


@misconception(
    "You take the reconstruction away, and so what all latents write. Only this one latent's part is to go.",
    replaces="ablation_hook",
)
def takes_all_latents_away(sae, latent):
    def take_away(value, hook):
        return value - sae.encode(value) @ sae.W_dec

    return take_away


@misconception(
    "The hook never acts: your continuations are those of the model alone. Hand it to `run_with_hooks` in every step."
)
def hook_never_acts(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model(tokens)
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("You append one token too many. Append `steps` tokens.")
def one_token_too_many(model, tokens, hook_name, hook, steps):
    for _ in range(steps + 1):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("You append one token too few. Append `steps` tokens.")
def one_token_too_few(model, tokens, hook_name, hook, steps):
    for _ in range(steps - 1):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "From the second step on you show the model the newest token alone. It needs the whole text: run it on everything that has been written."
)
def sees_the_newest_token_alone(model, tokens, hook_name, hook, steps):
    shown = tokens
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(shown, fwd_hooks=[(hook_name, hook)])
        shown = logits[:, -1].argmax(dim=-1, keepdim=True)
        tokens = torch.cat([tokens, shown], dim=1)
    return tokens


@misconception(
    "You read every new token off the logits at the end of the *prompt*. After the first step the text is longer: read them at its last "
    "position."
)
def reads_the_end_of_the_prompt(model, tokens, hook_name, hook, steps):
    end = tokens.shape[1] - 1
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, end].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception("You put each new token in front of the text. Append it at the end.")
def new_tokens_in_front(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([logits[:, -1].argmax(dim=-1, keepdim=True), tokens], dim=1)
    return tokens


@misconception("You append the least likely token. Greedy means the most likely one.")
def least_likely(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmin(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "You never append the token that a text ends with at the moment. The most likely token is appended, also if it stands there already."
)
def no_token_twice_in_a_row(model, tokens, hook_name, hook, steps):
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        last = logits[:, -1].clone().scatter(1, tokens[:, -1:], -torch.inf)
        tokens = torch.cat([tokens, last.argmax(dim=-1, keepdim=True)], dim=1)
    return tokens


@misconception(
    "Behind an end-of-text token you append nothing but end-of-text tokens. No token ends a text early: go on with the most likely one."
)
def finished_texts_stay_finished(model, tokens, hook_name, hook, steps):
    end = model.tokenizer.eos_token_id
    finished = torch.zeros(len(tokens), 1, dtype=torch.bool, device=tokens.device)
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        new = logits[:, -1].argmax(dim=-1, keepdim=True).masked_fill(finished, end)
        finished = finished | (new == end)
        tokens = torch.cat([tokens, new], dim=1)
    return tokens
