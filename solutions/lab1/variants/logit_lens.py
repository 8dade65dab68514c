"""Right and wrong ways to look through the logit lens."""

from functools import partial

import torch

from mechgrade.authoring.variants import accepted, misconception


def streams(model, tokens, kind="resid_post", position=-1):
    """One kind of activation at one position, all layers stacked: [layer, batch, d_model]."""
    names = [f"blocks.{layer}.hook_{kind}" for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(tokens, names_filter=names)
    return torch.stack([cache[name][:, position] for name in names])


def logits_of(model, stream):
    """The last step of the model."""
    return model.ln_final(stream) @ model.W_U + model.b_U


def of_targets(values, targets):
    """The entry of each prompt's target: [layer, batch]."""
    return values.gather(-1, targets.expand(len(values), -1)[..., None]).squeeze(-1)


@accepted
def by_layer(model, tokens, targets):
    """A full cache, a loop over layers and prompts, the whole sequence through the last step, in float64 at the end."""
    _, cache = model.run_with_cache(tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        logits = model.unembed(model.ln_final(cache["resid_post", layer]))[:, -1].double()
        rows.append([logits[place].softmax(0)[target].item() for place, target in enumerate(targets.tolist())])
    return torch.tensor(rows, dtype=logits.dtype).to(model.W_U.dtype)


@accepted
def by_hand(model, tokens, targets):
    """LayerNorm written out (its weights are folded into the unembedding), the streams from accumulated_resid."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        running = cache.accumulated_resid(layer=-1, incl_mid=False, pos_slice=-1)[1:]
        centred = running - running.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
        log_probs = torch.einsum("lbd,dv->lbv", centred / scale, model.W_U).add(model.b_U).log_softmax(-1)
    return of_targets(log_probs, targets).exp()


@misconception(
    "The final norm is missing (`model.ln_final`). The unembedding reads normalised vectors; without the norm even your "
    "last row is not the model's own answer."
)
def without_layernorm(model, tokens, targets):
    return of_targets((streams(model, tokens) @ model.W_U + model.b_U).softmax(-1), targets)


@misconception(
    "Your rows are one layer early: you read the stream that *enters* each layer (`resid_pre`). The last layer's own "
    "contribution is missing, so your last row is not the model's answer."
)
def entering_for_leaving(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, "resid_pre")).softmax(-1), targets)


@misconception("You read the stream in the middle of each layer (`resid_mid`), before its MLP has added anything.")
def middle_of_the_layer(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, "resid_mid")).softmax(-1), targets)


@misconception(
    "You read what each layer's MLP *adds*, not the stream. The lens asks what the model would answer if it stopped "
    "there, with all that has been added so far."
)
def what_the_layer_adds(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, "mlp_out")).softmax(-1), targets)


@misconception(
    "You divide every layer by the scale of the *last* stream. That is right when the final answer is taken apart into "
    "contributions (the next exercise); the lens treats each stream as if it were the last, with its own scale."
)
def scale_of_the_last_layer(model, tokens, targets):
    stream = streams(model, tokens)
    centred = stream - stream.mean(-1, keepdim=True)
    scale = (centred[-1:].pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    return of_targets((centred / scale @ model.W_U + model.b_U).softmax(-1), targets)


@misconception(
    "Your numbers are logits. Logits of two layers cannot be compared, since each layer has its own zero; take the "
    "softmax over the vocabulary."
)
def logits_for_probabilities(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)), targets)


@misconception(
    "Your numbers are log-probabilities, none is above 0. The exercise asks for the probabilities themselves."
)
def log_probabilities(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).log_softmax(-1), targets)


@misconception(
    "You read the first position. It has seen nothing of the prompt but its first token; the answer is predicted at "
    "the last."
)
def first_position(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, position=0)).softmax(-1), targets)


@misconception(
    "Your softmax runs over the prompts of the batch, not over the vocabulary: each prompt's number depends on what "
    "else is in the batch."
)
def softmax_over_the_batch(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).softmax(1), targets)


@misconception(
    "The unembedding's bias is missing. Where the final norm has a bias, TransformerLens folds it into `b_U` when it "
    "prepares a model. So `b_U` is not zero, even for GPT-2, which itself has no such bias. `model.unembed` adds it for you."
)
def bias_forgotten(model, tokens, targets):
    return of_targets((model.ln_final(streams(model, tokens)) @ model.W_U).softmax(-1), targets)


@misconception("You look up the first prompt's target for every prompt. Each prompt has its own.")
def first_target_for_all(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).softmax(-1), targets[:1].expand(len(targets)))


@misconception(
    "Your numbers are right, but the axes are swapped: the result should be `[layer, batch]`, and yours is "
    "`[batch, layer]`."
)
def batch_before_layer(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).softmax(-1), targets).T


@misconception("Your layers come in the order of their names as text: layer 10 before layer 2. Count up with `range`.")
def names_sorted_as_text(model, tokens, targets):
    order = sorted(range(model.cfg.n_layers), key=str)
    return of_targets(logits_of(model, streams(model, tokens)[order]).softmax(-1), targets)


@misconception(
    "For large logits your result is NaN: the exponential overflows. `softmax` subtracts the largest logit first; use "
    "it, or do the same."
)
def exponentials_overflow(model, tokens, targets):
    weights = logits_of(model, streams(model, tokens)).exp()
    return of_targets(weights / weights.sum(-1, keepdim=True), targets)


@misconception(
    "A prompt that ends with an end-of-text token is read at an earlier position. Nothing is padding here: read the last "
    "position of every prompt."
)
def end_of_text_taken_for_padding(model, tokens, targets):
    here = torch.arange(tokens.shape[1], device=tokens.device)
    ends = torch.where(tokens == model.tokenizer.bos_token_id, 0, here).amax(1)
    every = streams(model, tokens, position=slice(None))
    return of_targets(logits_of(model, every[:, torch.arange(len(tokens)), ends]).softmax(-1), targets)


@misconception(
    "Every target is looked up in the first prompt's distribution. Each prompt has a distribution of its own."
)
def distribution_of_the_first_prompt(model, tokens, targets):
    return logits_of(model, streams(model, tokens)).softmax(-1)[:, 0, targets]


@misconception("A batch of one has lost its axis. The result is `[layer, batch]` there too: call no `squeeze`.")
def batch_of_one_dropped(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).softmax(-1), targets).squeeze()


@misconception(
    "Your first row is the stream that *enters* layer 0, the embeddings. There is one row for each layer, for the "
    "stream that leaves it."
)
def embedding_as_first_layer(model, tokens, targets):
    every = torch.cat([streams(model, tokens, "resid_pre")[:1], streams(model, tokens)])
    return of_targets(logits_of(model, every).softmax(-1), targets)


@misconception(
    "Only your last row is right: the others are read from the stream that *enters* each layer. Read `hook_resid_post` "
    "for every layer."
)
def entering_before_the_last(model, tokens, targets):
    every = torch.cat([streams(model, tokens, "resid_pre")[:-1], streams(model, tokens)[-1:]])
    return of_targets(logits_of(model, every).softmax(-1), targets)


@misconception("Only your last row goes through the final norm. Every layer's stream needs it, with its own scale.")
def layernorm_for_the_last_layer_only(model, tokens, targets):
    stream = streams(model, tokens)
    every = torch.cat([stream[:-1], model.ln_final(stream[-1:])])
    return of_targets((every @ model.W_U + model.b_U).softmax(-1), targets)


@misconception("You average over the positions. The answer is predicted at the last position alone.")
def mean_over_positions(model, tokens, targets):
    every = streams(model, tokens, position=slice(None)).flatten(0, 1)
    probabilities = logits_of(model, every).softmax(-1).unflatten(0, (model.cfg.n_layers, -1))
    return of_targets(probabilities.mean(2), targets)


@misconception(
    "Your numbers are relative to the most likely token, which always has 1 in yours. The probabilities of all tokens "
    "sum to 1."
)
def relative_to_the_best(model, tokens, targets):
    logits = logits_of(model, streams(model, tokens))
    return of_targets((logits - logits.amax(-1, keepdim=True)).exp(), targets)


def right(model, tokens, targets):
    """The right probabilities."""
    return of_targets(logits_of(model, streams(model, tokens)).softmax(-1), targets)


@misconception(
    "Your hooks are still on the model afterwards: they fire in every later run. Remove them (`model.reset_hooks()`), or "
    "use `run_with_cache`, which does it for you."
)
def hooks_left_behind(model, tokens, targets):
    kept = {}

    def keep(stream, hook, layer):
        kept[layer] = stream[:, -1]

    for layer in range(model.cfg.n_layers):
        model.add_hook(f"blocks.{layer}.hook_resid_post", partial(keep, layer=layer))
    model(tokens)
    every = torch.stack([kept[layer] for layer in range(model.cfg.n_layers)])
    return of_targets(logits_of(model, every).softmax(-1), targets)


@misconception(
    "Your norm lacks the small number that it adds before the square root (`model.cfg.eps`). For a small stream it "
    "counts. `model.ln_final` has it."
)
def scale_without_eps(model, tokens, targets):
    stream = streams(model, tokens)
    centred = stream - stream.mean(-1, keepdim=True)
    scale = centred.pow(2).mean(-1, keepdim=True).sqrt()
    return of_targets((centred / scale @ model.W_U + model.b_U).softmax(-1), targets)


@misconception(
    "Your LayerNorm does not subtract the mean over the entries of the stream: it only divides. Use `model.ln_final`."
)
def not_centred(model, tokens, targets):
    stream = streams(model, tokens)
    scale = (stream.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    return of_targets((stream / scale @ model.W_U + model.b_U).softmax(-1), targets)


@misconception(
    "Your answer for a second batch of the same shape is that of the first. Run the model on the tokens of each call."
)
def first_batch_remembered(model, tokens, targets):
    memory = model.__dict__.setdefault("_lens", {})
    place = (tuple(tokens.shape), len(targets))
    if place not in memory:
        memory[place] = streams(model, tokens)
    return of_targets(logits_of(model, memory[place]).softmax(-1), targets)


@misconception(
    "You read one position too early: the prediction there is of the prompt's own last token. The next token is predicted "
    "at the last position."
)
def position_before_the_last(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, position=-2)).softmax(-1), targets)


@misconception("You average over the batch. The docstring asks for one number for each layer and each prompt.")
def mean_over_the_batch(model, tokens, targets):
    return right(model, tokens, targets).mean(1)


@misconception("You give the last layer alone. The docstring asks for a row for each layer.")
def last_layer_only(model, tokens, targets):
    return right(model, tokens, targets)[-1:]


@misconception(
    "Your rows begin with the last layer. The first row is layer 0, and the last row is the model's own answer."
)
def last_layer_first(model, tokens, targets):
    return right(model, tokens, targets).flip(0)


@misconception(
    "You give the probability of each layer's most likely token. The docstring asks for the probability of the *target*."
)
def probability_of_the_best(model, tokens, targets):
    return logits_of(model, streams(model, tokens)).softmax(-1).amax(-1)


@misconception("You read the logits with the rows of `W_E`. The unembedding is `W_U`, and `model.unembed` applies it.")
def embedding_for_unembedding(model, tokens, targets):
    logits = model.ln_final(streams(model, tokens)) @ model.W_E.T + model.b_U
    return of_targets(logits.softmax(-1), targets)


@misconception(
    "Your softmax runs over the layers. The probabilities of all *tokens* sum to 1, in each layer by itself."
)
def softmax_over_the_layers(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens)).softmax(0), targets)


@misconception(
    "Your softmax runs over the targets of the batch alone. It runs over the whole vocabulary, whatever the targets are."
)
def softmax_over_the_targets(model, tokens, targets):
    shares = logits_of(model, streams(model, tokens))[:, :, targets].softmax(-1)
    return shares.diagonal(dim1=1, dim2=2).clone()


@misconception(
    "You read what each layer's attention *adds*, not the stream. The lens asks what the model would answer if it stopped "
    "there, with all that has been added so far."
)
def what_the_attention_adds(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens, "attn_out")).softmax(-1), targets)


@misconception(
    "You read what each layer adds, its attention and its MLP together, without what was in the stream before. The lens reads "
    "the whole stream."
)
def what_the_whole_layer_adds(model, tokens, targets):
    added = streams(model, tokens) - streams(model, tokens, "resid_pre")
    return of_targets(logits_of(model, added).softmax(-1), targets)


@misconception(
    "You read the sum, or the mean, of the streams of all layers up to each one. A stream holds all that was added already: "
    "read it as it is."
)
def running_sum(model, tokens, targets):
    return of_targets(logits_of(model, streams(model, tokens).cumsum(0)).softmax(-1), targets)


@misconception(
    "You read the probability of each prompt's own last token. The target is the token that is asked for, in `targets`."
)
def own_last_token(model, tokens, targets):
    return right(model, tokens, tokens[:, -1])


@misconception("Your number is how much the probability changes from layer to layer. Give the probability itself.")
def changes(model, tokens, targets):
    found = right(model, tokens, targets)
    return torch.cat([found[:1], found[1:] - found[:-1]])


@misconception("You give the rank of the target among all tokens. The docstring asks for its probability.")
def ranks(model, tokens, targets):
    logits = logits_of(model, streams(model, tokens))
    own = of_targets(logits, targets)
    return (logits > own[..., None]).sum(-1).to(logits.dtype)


@misconception(
    "You normalise all layers together, over layers as well as entries. Each stream has a mean and a scale of its own."
)
def normalised_together(model, tokens, targets):
    stream = streams(model, tokens)
    centred = stream - stream.mean((0, 2), keepdim=True)
    scale = (centred.pow(2).mean((0, 2), keepdim=True) + model.cfg.eps).sqrt()
    return of_targets((centred / scale @ model.W_U + model.b_U).softmax(-1), targets)
