"""Right and wrong ways to encode the latents of texts."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def activations_at(model, name, tokens):
    """The activations at a hook point: [batch, pos, d_in]."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
    return cache[name]


def own(model, sae, tokens):
    """The latents of all positions: [batch, pos, d_sae]."""
    with torch.no_grad():
        return sae.encode(activations_at(model, sae.cfg.metadata.hook_name, tokens))


@accepted
def by_loop(model, sae, tokens, special):
    """One text at a time, one token at a time, through a hook that only looks."""
    seen = []
    with torch.no_grad():
        for row in tokens:
            model.run_with_hooks(
                row[None], fwd_hooks=[(sae.cfg.metadata.hook_name, lambda value, hook: seen.append(value[0].clone()))]
            )
    latents, places = [], []
    ids = set(special.tolist())
    for row, activation in enumerate(seen):
        for position, token in enumerate(tokens[row].tolist()):
            if token not in ids:
                with torch.no_grad():
                    latents.append(sae.encode(activation[position]))
                places.append([row, position])
    if not places:
        return sae.W_dec.new_zeros(0, sae.cfg.d_sae), tokens.new_zeros(0, 2)
    return torch.stack(latents), torch.tensor(places, device=tokens.device)


@accepted
def encode_then_select(model, sae, tokens, special):
    """Encode everything, flatten, and take rows by their number; the run stops after the SAE's layer."""
    name = sae.cfg.metadata.hook_name
    enough = int(name.split(".")[1]) + 1
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name], stop_at_layer=enough)
        latents = sae.encode(cache[name]).flatten(0, 1)
    text = (tokens[..., None] != special).all(dim=-1).flatten()
    numbers = torch.arange(tokens.numel(), device=tokens.device)[text]
    pos = tokens.shape[1]
    return latents.index_select(0, numbers), torch.stack([numbers // pos, numbers % pos], dim=1)


@misconception(
    "You keep the special positions. What the model computes at BOS and at padding is unlike anything at text, and would "
    "dominate every statistic of the latents."
)
def keeps_special(model, sae, tokens, special):
    everywhere = torch.ones_like(tokens, dtype=torch.bool)
    return own(model, sae, tokens)[everywhere], everywhere.nonzero()


@misconception(
    "You leave out the first position of every row and nothing else. Padding is special too, and a row need not begin "
    "with BOS: look at the tokens, not at the position."
)
def drops_first_position(model, sae, tokens, special):
    kept = torch.ones_like(tokens, dtype=torch.bool)
    kept[:, 0] = False
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "You leave out the first of the special tokens only. `special` may hold several ids, and all of them have to go."
)
def first_id_only(model, sae, tokens, special):
    kept = tokens != special[0] if len(special) else torch.ones_like(tokens, dtype=torch.bool)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "You set the latents of special positions to zero and keep their entries. They still count in every mean. Leave the "
    "entries out."
)
def zeroes_special(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    everywhere = torch.ones_like(kept)
    return (own(model, sae, tokens) * kept[..., None])[everywhere], everywhere.nonzero()


@misconception(
    "You take the special tokens out of the input before the model runs. Then it sees other texts, without their BOS and "
    "at other positions. Run the model on the tokens as they are, and drop the positions afterwards."
)
def drops_before_running(model, sae, tokens, special):
    latents, places = [], []
    for row, text in enumerate(tokens):
        kept = ~torch.isin(text, special)
        latents.append(own(model, sae, text[kept][None])[0])
        positions = kept.nonzero()[:, 0]
        places.append(torch.stack([torch.full_like(positions, row), positions], dim=1))
    return torch.cat(latents), torch.cat(places)


@misconception(
    "Your positions count the kept tokens of a row, so that the first word of a text is at 0. `places` points into "
    "`tokens`, where the special tokens have their places too."
)
def positions_among_kept(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    rows = kept.nonzero()[:, 0]
    counted = (kept.long().cumsum(dim=1) - 1)[kept]
    return own(model, sae, tokens)[kept], torch.stack([rows, counted], dim=1)


@misconception(
    "Your list runs through all first positions, then all second ones. It should run through the first row from left to "
    "right, then through the second."
)
def column_by_column(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens).transpose(0, 1)[kept.T], kept.T.nonzero().flip(1)


@misconception("Your `places` has the position first and the row second. Row first, as in `tokens[row, position]`.")
def position_first(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.nonzero().flip(1)


@misconception(
    "You encode the activations of a fixed place in the model. An SAE understands only those of its own hook point: "
    "`sae.cfg.metadata.hook_name`."
)
def fixed_hook_point(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    activations = activations_at(model, f"blocks.{model.cfg.n_layers // 2}.hook_resid_mid", tokens)
    with torch.no_grad():
        return sae.encode(activations[kept]), kept.nonzero()


@misconception(
    "You return reconstructions: the latents, decoded again. The last axis should be the SAE's latents, not the model's "
    "activations."
)
def reconstructions(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    with torch.no_grad():
        return sae.decode(own(model, sae, tokens)[kept]), kept.nonzero()


@misconception(
    "You subtract `b_dec` from the activations before `sae.encode`, which does this itself where the SAE wants it. It is "
    "taken away twice now."
)
def centres_twice(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    activations = activations_at(model, sae.cfg.metadata.hook_name, tokens)
    with torch.no_grad():
        return sae.encode(activations[kept] - sae.b_dec), kept.nonzero()


@misconception(
    "You read the layer off one digit, so that layer 10 becomes layer 1. Use the whole name, "
    "`sae.cfg.metadata.hook_name`, as it is.",
)
def layer_from_one_digit(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    before, layer, *after = sae.cfg.metadata.hook_name.split(".")
    activations = activations_at(model, ".".join([before, layer[0], *after]), tokens)
    with torch.no_grad():
        return sae.encode(activations[kept]), kept.nonzero()


_SEEN = {}


@misconception(
    "You keep activations between calls and give them out again for other tokens of the same shape. Run the model "
    "in every call.",
)
def remembers_by_shape(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    key = (id(model), sae.cfg.metadata.hook_name, tuple(tokens.shape))
    if key not in _SEEN:
        _SEEN[key] = activations_at(model, sae.cfg.metadata.hook_name, tokens)
    with torch.no_grad():
        return sae.encode(_SEEN[key][kept]), kept.nonzero()


@misconception(
    "A text that stands twice in the batch is listed once in yours. Every row of `tokens` counts.",
)
def same_text_once(model, sae, tokens, special):
    tokens = torch.unique_consecutive(tokens, dim=0)
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "Where all tokens are special your function stops with an error. Both results are empty then: `[0, d_sae]` "
    "and `[0, 2]`.",
)
def fails_without_text(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    latents = own(model, sae, tokens)
    rows = [latents[row, position] for row, position in kept.nonzero().tolist()]
    return torch.stack(rows), kept.nonzero()


@misconception(
    "You leave out the first position even where it holds no special token. Look at the tokens, not at the position.",
)
def first_position_always(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    kept[:, 0] = False
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "You leave special tokens out at the ends of a row, but not in the middle. They have to go wherever they stand.",
)
def only_at_the_ends(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    text = kept.long()
    between = (text.cumsum(dim=1) > 0) & (text.flip(1).cumsum(dim=1).flip(1) > 0)
    return own(model, sae, tokens)[between], between.nonzero()


@misconception(
    "Your text ends at the first special token after the beginning of a row. What comes after that token is text too.",
)
def up_to_the_next_special(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    ended = ~kept
    ended[:, 0] = False
    kept = kept & (ended.cumsum(dim=1) == 0)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "You leave out positions that hold no special token, those where the activation is longest. Decide by "
    "`special` alone.",
)
def largest_norm_left_out(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    activations = activations_at(model, sae.cfg.metadata.hook_name, tokens)
    norms = activations.norm(dim=-1)
    kept = kept & (norms < norms.amax(dim=1, keepdim=True))
    with torch.no_grad():
        return sae.encode(activations[kept]), kept.nonzero()


@misconception(
    "You take what enters the SAE's layer, `hook_resid_pre`, where the SAE was trained on what leaves it. Use its "
    "hook point as it is.",
)
def what_enters_the_layer(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    activations = activations_at(model, sae.cfg.metadata.hook_name.replace("resid_post", "resid_pre"), tokens)
    with torch.no_grad():
        return sae.encode(activations[kept]), kept.nonzero()


@misconception(
    "You compute the latents with a ReLU from the weights. Not every SAE is a plain ReLU: use `sae.encode`.",
)
def relu_by_hand(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    x = activations_at(model, sae.cfg.metadata.hook_name, tokens)[kept]
    return ((x - sae.b_dec) @ sae.W_enc + sae.b_enc).relu(), kept.nonzero()


@misconception(
    "Where all tokens are special, your results are empty, but lack their second axis. Their shapes are `[0, d_sae]` and `[0, 2]`."
)
def empty_without_axes(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    if not kept.any():
        return torch.zeros(0).to(sae.W_dec), tokens.new_zeros(0)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "Your hook stays on the model after you are done. Use `run_with_cache` or `run_with_hooks`, or call `reset_hooks()` at the end."
)
def leaves_the_hook(model, sae, tokens, special):
    kept, seen = ~torch.isin(tokens, special), []

    def look(value, hook):
        seen.append(value.clone())

    model.add_hook(sae.cfg.metadata.hook_name, look)
    with torch.no_grad():
        model(tokens)
        return sae.encode(seen[0][kept]), kept.nonzero()


@misconception(
    "You return the activations themselves. They have still to go through the SAE: `sae.encode` makes latents of them.",
)
def activations_themselves(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return activations_at(model, sae.cfg.metadata.hook_name, tokens)[kept], kept.nonzero()


@misconception(
    "You keep the special positions, and leave out the text. Your mask is the wrong way round.",
)
def special_positions_alone(model, sae, tokens, special):
    kept = torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "Your `places` has one number for each entry, its place in the flattened batch. Give the row and the position, `[token, 2]`.",
)
def one_number_a_place(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.flatten().nonzero()[:, 0]


@misconception(
    "Your `places` is `[2, token]`: all rows, then all positions. It should be `[token, 2]`, a row and a position for each entry.",
)
def two_rows_of_places(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.nonzero().T


@misconception(
    "Your `places` is a pair of tensors, rows and positions. Make one tensor of them, `[token, 2]`: `mask.nonzero()` gives it.",
)
def pair_of_places(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    return own(model, sae, tokens)[kept], kept.nonzero(as_tuple=True)


@misconception(
    "You leave out the last position of every row, also where it is text. Decide by `special` alone.",
)
def last_position_left_out(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    kept[:, -1] = False
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "You leave out the last of the special tokens only. `special` may hold several ids, and all of them have to go."
)
def last_id_only(model, sae, tokens, special):
    kept = tokens != special[-1] if len(special) else torch.ones_like(tokens, dtype=torch.bool)
    return own(model, sae, tokens)[kept], kept.nonzero()


@misconception(
    "Where all tokens are special, your `places` is empty, but lacks its second axis: `torch.tensor([])` has the shape `[0]`. "
    "It should be `[0, 2]`, of integers.",
)
def empty_places_without_an_axis(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    latents = own(model, sae, tokens)[kept]
    return latents, torch.tensor(kept.nonzero().tolist(), device=tokens.device)


@misconception(
    "Your `places` numbers the rows that hold text, so that a row of special tokens alone is passed over. Give the row's number in "
    "`tokens`.",
)
def rows_among_kept(model, sae, tokens, special):
    kept = ~torch.isin(tokens, special)
    with_text = kept.any(dim=1)
    places = kept[with_text].nonzero()
    return own(model, sae, tokens)[kept], places
