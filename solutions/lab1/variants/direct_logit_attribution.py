"""Right and wrong ways to divide a logit difference."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def pieces(model, tokens, position=-1):
    """At one position: head outputs, MLP outputs, the rest of the stream, the final scale."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
    layers = range(model.cfg.n_layers)
    z = torch.stack([cache["z", layer][:, position] for layer in layers], dim=1)
    heads = torch.einsum("blnh,lnhd->blnd", z, model.W_O)
    mlps = torch.stack([cache["mlp_out", layer][:, position] for layer in layers], dim=1)
    rest = (cache["hook_embed"] + cache["hook_pos_embed"])[:, position] + model.b_O.sum(0)
    return heads, mlps, rest, cache["ln_final.hook_scale"][:, position]


def divided(model, parts, direction, bias):
    """Dot products of centred components with a direction that already has the scale in it."""
    heads, mlps, rest, _ = parts
    direction = direction - direction.mean(-1, keepdim=True)
    return {
        "heads": torch.einsum("blnd,bd->bln", heads, direction),
        "mlps": torch.einsum("bld,bd->bl", mlps, direction),
        "rest": (rest * direction).sum(-1) + bias,
    }


def own_scale(model, parts):
    """Components, each divided by its own scale."""
    centred = parts - parts.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()


def toward(model, correct, wrong):
    """The direction and the bias of a logit difference."""
    return (model.W_U[:, correct] - model.W_U[:, wrong]).T, model.b_U[correct] - model.b_U[wrong]


@accepted
def by_loop(model, tokens, correct, wrong):
    """Prompt after prompt and component after component, each normalised with the frozen scale; in float64."""
    heads, mlps, rest, scale = (each.double() for each in pieces(model, tokens))

    def logits(vector, row):
        normed = (vector - vector.mean()) / scale[row]
        return normed @ model.W_U[:, correct[row]].double() - normed @ model.W_U[:, wrong[row]].double()

    out = {"heads": torch.zeros(heads.shape[:3]), "mlps": torch.zeros(mlps.shape[:2]), "rest": torch.zeros(len(tokens))}
    for row in range(len(tokens)):
        for layer in range(heads.shape[1]):
            for head in range(heads.shape[2]):
                out["heads"][row, layer, head] = logits(heads[row, layer, head], row)
            out["mlps"][row, layer] = logits(mlps[row, layer], row)
        out["rest"][row] = logits(rest[row], row) + model.b_U[correct[row]] - model.b_U[wrong[row]]
    return {name: value.to(model.W_U.dtype) for name, value in out.items()}


@accepted
def by_difference(model, tokens, correct, wrong):
    """Heads and MLPs by the library's stacks; the rest is what is left of the true logit difference."""
    logits, cache = model.run_with_cache(tokens)
    direction, _ = toward(model, correct, wrong)
    direction = direction - direction.mean(-1, keepdim=True)
    heads = cache.stack_head_results(layer=-1, pos_slice=-1)[: model.cfg.n_layers * model.cfg.n_heads]
    heads = heads.reshape(model.cfg.n_layers, model.cfg.n_heads, len(tokens), -1)
    scale = cache["ln_final.hook_scale"][:, -1]
    found = {
        "heads": torch.einsum("lnbd,bd->bln", heads, direction / scale),
        "mlps": torch.stack(
            [(cache["mlp_out", layer][:, -1] * direction / scale).sum(-1) for layer in range(model.cfg.n_layers)], 1
        ),
    }
    rows = torch.arange(len(tokens))
    true = logits[rows, -1, correct] - logits[rows, -1, wrong]
    found["rest"] = true - found["heads"].sum((1, 2)) - found["mlps"].sum(1)
    return found


@misconception(
    "The scale of the final LayerNorm is missing: you take the dot products with the bare stream. Your contributions "
    "sum to a multiple of the logit difference, a different one for each prompt."
)
def scale_ignored(model, tokens, correct, wrong):
    direction, bias = toward(model, correct, wrong)
    return divided(model, pieces(model, tokens), direction, bias)


@misconception(
    "You normalise each component by itself, as if it were the whole stream. A tiny component becomes as large as any "
    "other, and the sum is not the logit difference. The scale is one number for each prompt: the one that the final "
    "LayerNorm had in the run."
)
def each_normalised_by_itself(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (*(own_scale(model, each) for each in (heads, mlps, rest)), scale), direction, bias)


@misconception(
    "You divide by the scale of the first position. Each position has its own; the answer is given at the last."
)
def scale_of_the_first_position(model, tokens, correct, wrong):
    direction, bias = toward(model, correct, wrong)
    return divided(model, pieces(model, tokens), direction / pieces(model, tokens, 0)[3], bias)


@misconception("You read the components at the first position. The answer is predicted at the last.")
def first_position(model, tokens, correct, wrong):
    parts = pieces(model, tokens, 0)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3], bias)


@misconception(
    "You attribute the logit of the correct answer alone. The question is the *difference* to the wrong one: what "
    "raises both alike should drop out."
)
def one_logit_only(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    return divided(model, parts, model.W_U[:, correct].T / parts[3], model.b_U[correct])


@misconception(
    "Your signs are turned around: you measure what speaks for the wrong answer. It is the correct one minus the wrong "
    "one."
)
def wrong_minus_correct(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, wrong, correct)
    return divided(model, parts, direction / parts[3], bias)


@misconception(
    "You use the first prompt's two answers for the whole batch. Each prompt has its own: the direction needs a batch "
    "axis."
)
def direction_of_the_first_prompt(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct[:1].expand_as(correct), wrong[:1].expand_as(wrong))
    return divided(model, parts, direction / parts[3], bias)


@misconception(
    "The attention layers' output biases `b_O` are missing. They belong to no head, but they are written to the "
    "stream, and without them your parts do not sum to the logit difference. They go into the rest."
)
def attention_bias_forgotten(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, rest - model.b_O.sum(0), scale), direction / scale, bias)


@misconception(
    "The unembedding's bias is missing. It favours some tokens whatever the stream is, and TransformerLens has folded "
    "the final LayerNorm's bias into it: its difference between the two answers goes into the rest."
)
def unembedding_bias_forgotten(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, _ = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3], 0)


@misconception(
    "The embeddings are missing from the rest. They are in the stream from the very beginning, and speak to the logits "
    "directly like everything else in it."
)
def embeddings_forgotten(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, model.b_O.sum(0).expand_as(rest), scale), direction / scale, bias)


@misconception(
    "You use the token embedding's rows in place of the unembedding's columns. GPT-2 trained one matrix for both, but "
    "here the final LayerNorm is folded into the unembedding, and it has been centred: the logits are read with `W_U`."
)
def embedding_for_unembedding(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    _, bias = toward(model, correct, wrong)
    return divided(model, parts, (model.W_E[correct] - model.W_E[wrong]) / parts[3], bias)


@misconception(
    "You return the mean over the batch. The docstring asks for the contributions in each prompt: their sum can then "
    "be checked against each prompt's own logit difference."
)
def mean_over_the_batch(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    found = divided(model, parts, direction / parts[3], bias)
    return {name: value.mean(0) for name, value in found.items()}


@misconception(
    "Your components are not centred. The final LayerNorm subtracts the mean over the entries of the stream: subtract "
    "each component's own mean, since not every model writes centred vectors."
)
def not_centred(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    direction = direction / scale
    return {
        "heads": torch.einsum("blnd,bd->bln", heads, direction),
        "mlps": torch.einsum("bld,bd->bl", mlps, direction),
        "rest": (rest * direction).sum(-1) + bias,
    }


def right(model, tokens, correct, wrong, position=-1):
    """The right contributions, or those of another position at the last one's scale."""
    heads, mlps, rest, _ = pieces(model, tokens, position)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, rest, None), direction / pieces(model, tokens)[3], bias)


@misconception("Your layers come in the order of their names as text: layer 10 before layer 2. Count up with `range`.")
def layers_in_order_of_text(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    order = sorted(range(model.cfg.n_layers), key=str)
    return {**found, "heads": found["heads"][:, order], "mlps": found["mlps"][:, order]}


@misconception("Your MLPs come in the order of their names as text: layer 10 before layer 2. Count up with `range`.")
def mlps_in_order_of_text(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "mlps": found["mlps"][:, sorted(range(model.cfg.n_layers), key=str)]}


@misconception("Your `heads` are `[batch, head, layer]`. The docstring asks for `[batch, layer, head]`.")
def heads_before_layers(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "heads": found["heads"].mT}


@misconception(
    "The attention layers' output biases are shared out among the heads. They belong to no head: they go into the rest."
)
def output_bias_shared_by_heads(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    heads = heads + model.b_O[:, None] / model.cfg.n_heads
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, rest - model.b_O.sum(0), scale), direction / scale, bias)


@misconception("Only the last layer's `b_O` is in your rest. Every attention layer adds its own: sum them.")
def output_bias_of_the_last_layer(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, rest - model.b_O[:-1].sum(0), scale), direction / scale, bias)


@misconception(
    "You divide by the mean of the scales of all positions. Each position has its own; the answer is given at the last."
)
def scale_averaged_over_positions(model, tokens, correct, wrong):
    scale = torch.stack([pieces(model, tokens, place)[3] for place in range(tokens.shape[1])]).mean(0)
    direction, bias = toward(model, correct, wrong)
    return divided(model, pieces(model, tokens), direction / scale, bias)


@misconception("You divide by the first prompt's scale for the whole batch. Each prompt has its own.")
def scale_of_the_first_prompt(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3][:1], bias)


@misconception(
    "The MLPs' output biases are in your rest. They are part of what an MLP writes (`hook_mlp_out` holds them)."
)
def mlp_bias_in_the_rest(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps - model.b_out, rest + model.b_out.sum(0), scale), direction / scale, bias)


@misconception(
    "You return shares of the logit difference. The docstring asks for logits: the parts sum to the difference, not to 1."
)
def shares_of_the_total(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    total = found["heads"].sum((1, 2)) + found["mlps"].sum(1) + found["rest"]
    return {name: value / total.reshape(-1, *[1] * (value.dim() - 1)) for name, value in found.items()}


@misconception(
    "Your heads are averaged over all positions. Only what a head writes at the *last* position reaches the answer; and "
    "where the rest is what remains, a right sum cannot show this."
)
def heads_of_all_positions(model, tokens, correct, wrong):
    every = [right(model, tokens, correct, wrong, place)["heads"] for place in range(tokens.shape[1])]
    found = {**right(model, tokens, correct, wrong), "heads": torch.stack(every).mean(0)}
    return with_remainder(model, tokens, correct, wrong, found)


def with_remainder(model, tokens, correct, wrong, found):
    """Heads and MLPs as found; the rest is what is left of the true logit difference."""
    logits, rows = model(tokens)[:, -1], torch.arange(len(tokens))
    true = logits[rows, correct] - logits[rows, wrong]
    return {**found, "rest": true - found["heads"].sum((1, 2)) - found["mlps"].sum(1)}


@misconception(
    "Your heads and MLPs are measured along the rows of `W_E`, and the rest is what remains. The sum is right by "
    "construction, so it cannot show that the direction is wrong: the logits are read with the columns of `W_U`."
)
def embedding_direction_hidden_in_the_rest(model, tokens, correct, wrong):
    direction = (model.W_E[correct] - model.W_E[wrong]) / pieces(model, tokens)[3]
    return with_remainder(model, tokens, correct, wrong, divided(model, pieces(model, tokens), direction, 0))


@misconception(
    "Each head and MLP is divided by a scale of its own, and the rest is what remains. The sum is right by construction, "
    "so it cannot show this: divide all of them by the scale that the final LayerNorm had in the run."
)
def own_scales_hidden_in_the_rest(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    parts = (own_scale(model, heads), own_scale(model, mlps), rest, scale)
    found = divided(model, parts, toward(model, correct, wrong)[0], 0)
    return with_remainder(model, tokens, correct, wrong, found)


@misconception(
    "All your contributions are a little too small, by one factor: your scale divides by one less than the number of "
    "entries, as `std` does. LayerNorm divides by the number of entries; `ln_final.hook_scale` has its scale."
)
def unbiased_scale(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3] * (1 - 1 / model.cfg.d_model) ** 0.5, bias)


@misconception(
    "The direction of the first prompt's two answers serves for the whole batch, only the biases are each prompt's own. "
    "The direction needs a batch axis too."
)
def vectors_of_the_first_prompt(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, _ = toward(model, correct[:1].expand_as(correct), wrong[:1].expand_as(wrong))
    return divided(model, parts, direction / parts[3], toward(model, correct, wrong)[1])


@misconception(
    "Your hooks are still on the model afterwards: they fire in every later run. Remove them (`model.reset_hooks()`), or "
    "use `run_with_cache`, which does it for you."
)
def hooks_left_behind(model, tokens, correct, wrong):
    model.add_hook("blocks.0.attn.hook_z", lambda z, hook: None)
    return right(model, tokens, correct, wrong)


@misconception(
    "The position embedding is missing from the rest. It is added to the stream beside the token embedding: take both."
)
def position_embedding_forgotten(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    _, cache = model.run_with_cache(tokens, names_filter="hook_pos_embed")
    positions = cache["hook_pos_embed"][:, -1]
    return divided(model, (heads, mlps, rest - positions, scale), direction / scale, bias)


@misconception(
    "The token embedding is missing from the rest. It is added to the stream beside the position embedding: take both."
)
def token_embedding_forgotten(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps, rest - model.W_E[tokens[:, -1]], scale), direction / scale, bias)


@misconception("Your rest is not centred: subtract the mean over its entries, as from the other components.")
def rest_not_centred(model, tokens, correct, wrong):
    _, _, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return {**right(model, tokens, correct, wrong), "rest": (rest * direction / scale).sum(-1) + bias}


@misconception("Your `mlps` are `[layer, batch]`. The docstring asks for `[batch, layer]`.")
def layers_before_batch(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "mlps": found["mlps"].T}


@misconception("Your rest has an axis for its parts. Add them up: `rest` is one number for each prompt.")
def rest_in_parts(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    found = divided(model, (heads, mlps, rest, scale), direction / scale, 0)
    return {**found, "rest": torch.stack([found["rest"], bias], dim=-1)}


@misconception("Your dict has other keys. They are `heads`, `mlps` and `rest`.")
def other_keys(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {"attn": found["heads"], "mlp": found["mlps"], "rest": found["rest"]}


@misconception(
    "Your scale lacks the small number that LayerNorm adds before the square root (`model.cfg.eps`). For a small stream "
    "it counts. `ln_final.hook_scale` has the scale of the run."
)
def scale_without_eps(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / (parts[3] ** 2 - model.cfg.eps).sqrt(), bias)


@misconception("You use the first prompt's correct answer for the whole batch. Each prompt has its own.")
def correct_of_the_first_prompt(model, tokens, correct, wrong):
    return right(model, tokens, correct[:1].expand_as(correct), wrong)


@misconception("You use the first prompt's wrong answer for the whole batch. Each prompt has its own.")
def wrong_of_the_first_prompt(model, tokens, correct, wrong):
    return right(model, tokens, correct, wrong[:1].expand_as(wrong))


@misconception(
    "You count the unembedding's bias twice. It stands in the rest once, as the difference between the two answers."
)
def unembedding_bias_twice(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3], 2 * bias)


@misconception(
    "You divide what a layer writes by the scale of *its* stream, as the logit lens does. The final LayerNorm has one scale "
    "for all components: that of the last stream."
)
def scale_of_each_layers_stream(model, tokens, correct, wrong):
    _, cache = model.run_with_cache(tokens)
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    found = divided(model, (heads, mlps, rest, scale), direction, 0)
    stream = torch.stack([cache["resid_post", layer][:, -1] for layer in range(model.cfg.n_layers)], dim=1)
    own = (stream.var(-1, unbiased=False) + model.cfg.eps).sqrt()  # [batch, layer]
    return {
        "heads": found["heads"] / own[..., None],
        "mlps": found["mlps"] / own,
        "rest": found["rest"] / scale[:, 0] + bias,
    }


@misconception("You divide by the variance. LayerNorm divides by its root, which `ln_final.hook_scale` holds.")
def variance_for_scale(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3] ** 2, bias)


@misconception("You multiply by the scale. LayerNorm divides by it.")
def multiplied_by_the_scale(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction * parts[3], bias)


@misconception(
    "You divide by the length of the stream. LayerNorm's scale is smaller, by the root of the number of entries: it is a "
    "root of a *mean*."
)
def length_for_scale(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3] / model.cfg.d_model**0.5, bias)


@misconception("You divide the unembedding's bias by the scale as well. It is added after the LayerNorm, as it is.")
def unembedding_bias_divided(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3], bias / parts[3][:, 0])


@misconception(
    "The attention layers' output biases count twice: they are in your heads and in your rest. They belong to no head, so "
    "they go into the rest alone."
)
def output_bias_twice(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads + model.b_O[:, None] / model.cfg.n_heads, mlps, rest, scale), direction / scale, bias)


@misconception("The MLPs' output biases are missing. They are part of what an MLP writes (`hook_mlp_out` holds them).")
def mlp_bias_forgotten(model, tokens, correct, wrong):
    heads, mlps, rest, scale = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, (heads, mlps - model.b_out, rest, scale), direction / scale, bias)


@misconception("You read one position too early. The answer is predicted at the last one.")
def position_before_the_last(model, tokens, correct, wrong):
    parts = pieces(model, tokens, -2)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3], bias)


@misconception(
    "Your numbers have no sign: you take magnitudes. A component can write for the wrong answer, and then its contribution is "
    "negative."
)
def magnitudes(model, tokens, correct, wrong):
    return {name: value.abs() for name, value in right(model, tokens, correct, wrong).items()}


@misconception(
    "Your rest is the whole logit difference that is not explained by the MLPs, or by the heads, alone: what heads write is "
    "in it once more. Leave both out of it."
)
def rest_with_the_heads(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "rest": found["rest"] + found["heads"].sum((1, 2))}


@misconception("Your heads are summed over each layer. The docstring asks for each head, `[batch, layer, head]`.")
def heads_added_up(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "heads": found["heads"].sum(-1)}


@misconception(
    "Your `mlps` are `[batch]`, summed over the layers. The docstring asks for each layer's, `[batch, layer]`."
)
def mlps_added_up(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "mlps": found["mlps"].sum(-1)}


@misconception(
    "You divide by the mean of the prompts' scales. The final LayerNorm has a scale for each prompt: divide each prompt by its own."
)
def scale_averaged_over_the_batch(model, tokens, correct, wrong):
    parts = pieces(model, tokens)
    direction, bias = toward(model, correct, wrong)
    return divided(model, parts, direction / parts[3].mean(0), bias)


@misconception(
    "For a batch of one prompt, your rest has lost its axis, as after a `squeeze`. It is `[batch]` there too."
)
def rest_squeezed(model, tokens, correct, wrong):
    found = right(model, tokens, correct, wrong)
    return {**found, "rest": found["rest"][0] if len(tokens) == 1 else found["rest"]}


@misconception(
    "For a batch of one prompt, your contributions have lost the axis of the batch, as after a `squeeze`. They have it there too."
)
def all_squeezed(model, tokens, correct, wrong):
    return {name: value.squeeze() for name, value in right(model, tokens, correct, wrong).items()}
