"""Right and wrong ways to look through the logit lens."""

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
    "The final LayerNorm is missing. The unembedding was trained on normalised vectors; without it even your last row "
    "is not the model's own answer."
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
    "The unembedding's bias is missing. TransformerLens folds the bias of the final LayerNorm into `b_U` when it "
    "prepares a model, so it is not zero, even though GPT-2 itself has no such bias. `model.unembed` adds it for you."
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
