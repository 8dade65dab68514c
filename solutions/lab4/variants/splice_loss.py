"""Right and wrong ways to splice an SAE into the model."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def same(latents):
    """No edit."""
    return latents


def logits_with(model, name, tokens, replace):
    """The logits when the activations at a hook point are replaced by a function of themselves."""
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=[(name, lambda value, hook: replace(value))])


def loss_of(logits, tokens, text):
    """The loss as it should be: a misconception is wrong in one thing only."""
    losses = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return losses[text[:, 1:]].mean().item()


def right_splice(sae, text, error_term, edit):
    """The replacement as it should be."""

    def replace(value):
        latents = sae.encode(value)
        error = value - sae.decode(latents)
        new = sae.decode((edit or same)(latents))
        if error_term:
            new = new + error
        return torch.where(text[..., None], new, value)

    return replace


@accepted
def by_difference(model, sae, tokens, text, error_term=False, edit=None):
    """Only text positions are encoded; with the error term, the difference that the edit makes is added."""
    name = sae.cfg.metadata.hook_name

    def replace(value, hook):
        value = value.clone()
        x = value[text]
        latents = sae.encode(x)
        before = sae.decode(latents)
        edited = sae.decode(latents if edit is None else edit(latents))
        value[text] = x + (edited - before) if error_term else edited
        return value

    model.add_hook(name, replace)
    try:
        with torch.no_grad():
            logs = torch.log_softmax(model(tokens), dim=-1)
    finally:
        model.reset_hooks()
    total, count = 0.0, 0
    for row, position in text.nonzero().tolist():
        if position > 0:
            total -= logs[row, position - 1, tokens[row, position]].double().item()
            count += 1
    return total / count


@accepted
def from_cached_activations(model, sae, tokens, text, error_term=False, edit=None):
    """A first run for the activations, a second one into which the finished replacement is put."""
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        x = cache[name]
        latents = sae.encode(x)
        error = (x - sae.decode(latents)) * float(error_term)
        new = sae.decode(edit(latents) if edit else latents) + error
        new[~text] = x[~text]
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, lambda value, hook: new)])
    return loss_of(logits, tokens, text)


@misconception(
    "You never add the error term, though `error_term` asks for it. With it and without an edit, the loss is the model's own."
)
def never_adds_error(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, False, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "You add the error term whether it is asked for or not. Without it the model sees the reconstruction alone."
)
def always_adds_error(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, True, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "With the error term, your edit changes nothing. An error term that is computed from the *edited* latents undoes every "
    "edit: compute it from the latents before the edit, and decode the edited ones."
)
def error_of_the_edited(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        new = sae.decode((edit or same)(sae.encode(value)))
        if error_term:
            new = new + (value - new)
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("Your error term has the wrong sign. It is the activation minus the reconstruction.")
def error_turned_round(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        latents = sae.encode(value)
        error = sae.decode(latents) - value
        new = sae.decode((edit or same)(latents))
        if error_term:
            new = new + error
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("Nothing is spliced: your loss is always the model's own. Does your hook *return* the new activations?")
def hook_returns_nothing(model, sae, tokens, text, error_term=False, edit=None):
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, lambda value: None), tokens, text)


@misconception(
    "The edit changes nothing in yours. It changes the latents before they are decoded: decode what `edit` *returns*."
)
def forgets_the_edit(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, None)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "You splice the SAE in at special positions too. It was not trained there, and later positions look back at BOS: leave "
    "everything as it is where `text` is False."
)
def splices_special(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, torch.ones_like(text), error_term, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "Your loss counts special tokens among those to be predicted. Nobody predicts padding: take only the next tokens that "
    "are text."
)
def counts_padding(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, replace)
    return loss_of(logits, tokens, torch.ones_like(text))


@misconception(
    "Your mask says whether the position that *predicts* is text. What counts is whether the token that is predicted is."
)
def masks_the_predictor(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, replace)
    return loss_of(logits, tokens, torch.cat([text[:, :1], text[:, :-1]], dim=1))


@misconception(
    "Your logits are held against the token at their own position. The logits at position p predict the token at p + 1."
)
def no_shift(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, replace)
    losses = -logits.log_softmax(-1).gather(2, tokens[..., None])[..., 0]
    return losses[text].mean().item()


@misconception(
    "You take the mean of each text and then the mean over the texts. A short text then weighs as much as a long one; here "
    "every token counts the same."
)
def mean_of_means(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, replace)
    rows = [loss_of(logits[[row]], tokens[[row]], text[[row]]) for row in range(len(tokens))]
    return sum(rows) / len(rows)


@misconception(
    "You splice in at a fixed place in the model. The SAE belongs to its own hook point, `sae.cfg.metadata.hook_name`."
)
def fixed_hook_point(model, sae, tokens, text, error_term=False, edit=None):
    name = f"blocks.{model.cfg.n_layers // 2}.hook_mlp_out"
    return loss_of(logits_with(model, name, tokens, right_splice(sae, text, error_term, edit)), tokens, text)


@misconception(
    "You decode the latents for the error term after `edit` was called. An edit may write into the latents that it is given: "
    "compute the error term before you call it, or hand the edit a copy."
)
def error_after_the_edit(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        latents = sae.encode(value)
        new = sae.decode((edit or same)(latents))
        if error_term:
            new = new + value - sae.decode(latents)
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("Where the edit makes latents negative, you cut them to 0. Decode what the edit returns as it is.")
def no_negative_latents(model, sae, tokens, text, error_term=False, edit=None):
    def positive(latents):
        return edit(latents).relu()

    replace = right_splice(sae, text, error_term, edit and positive)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "You keep the activations of the first position and splice at all others. Special positions can stand anywhere: ask `text`."
)
def keeps_the_first_position_only(model, sae, tokens, text, error_term=False, edit=None):
    after_first = torch.ones_like(text)
    after_first[:, 0] = False
    replace = right_splice(sae, after_first, error_term, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("You never splice at the first position, even where `text` says that it is text.")
def never_at_the_first_position(model, sae, tokens, text, error_term=False, edit=None):
    later = text.clone()
    later[:, 0] = False
    replace = right_splice(sae, later, error_term, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("You set the activations at special positions to 0. They should stay as they are.")
def special_becomes_zero(model, sae, tokens, text, error_term=False, edit=None):
    right = right_splice(sae, text, error_term, edit)
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, lambda value: right(value) * text[..., None])
    return loss_of(logits, tokens, text)


@misconception(
    "You leave out pairs of which the first token is special. Only the token to be predicted has to be text."
)
def both_must_be_text(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    both = text.clone()
    both[:, 1:] &= text[:, :-1]
    return loss_of(logits, tokens, both)


@misconception(
    "You leave out the token at position 1. The logits at position 0 predict it, and it counts where it is text."
)
def without_the_second_position(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    later = text.clone()
    later[:, 1] = False
    return loss_of(logits, tokens, later)


@misconception("Your loss is in bits. Use the natural logarithm, so that the loss is in nats.")
def in_bits(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    return loss_of(logits, tokens, text) / 0.6931471805599453


@misconception("You return the exponential of the loss, the perplexity. The loss itself is asked for.")
def perplexity(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    return float(torch.tensor(loss_of(logits, tokens, text), dtype=torch.float64).exp())


@misconception("You compute the latents with a ReLU from the weights. Not every SAE is a plain ReLU: use `sae.encode`.")
def relu_by_hand(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        latents = ((value - sae.b_dec) @ sae.W_enc + sae.b_enc).relu()
        error = value - sae.decode(latents)
        new = sae.decode((edit or same)(latents))
        if error_term:
            new = new + error
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("You return a tensor. The result should be a Python number: call `item()`.")
def tensor_for_number(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    return torch.tensor(loss_of(logits, tokens, text), dtype=torch.float64)


@misconception(
    "Your hook stays on the model after you are done, so that the next run is spliced too. Use `run_with_hooks`, or call "
    "`reset_hooks()` in a `finally`."
)
def leaves_the_hook(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    model.reset_hooks()
    model.add_hook(sae.cfg.metadata.hook_name, lambda value, hook: replace(value))
    with torch.no_grad():
        return loss_of(model(tokens), tokens, text)


@misconception(
    "After an error in `edit`, your hook stays on the model. Use `run_with_hooks`, or call `reset_hooks()` in a `finally`."
)
def hook_stays_after_an_error(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit)
    model.add_hook(sae.cfg.metadata.hook_name, lambda value, hook: replace(value))
    with torch.no_grad():
        logits = model(tokens)
    model.reset_hooks()
    return loss_of(logits, tokens, text)


@misconception(
    "You edit the latents only where the error term is asked for. The two have nothing to do with each other: without the "
    "error term, the edit counts too."
)
def edits_with_the_error_only(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, text, error_term, edit if error_term else None)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


def spliced_losses(model, sae, tokens, text, error_term, edit):
    """The loss of every next token, [batch, pos - 1]."""
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    return -logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]


@misconception("You return the sum of the losses. Take their mean over the next tokens that are text.")
def summed_loss(model, sae, tokens, text, error_term=False, edit=None):
    return spliced_losses(model, sae, tokens, text, error_term, edit)[text[:, 1:]].sum().item()


@misconception(
    "You set the losses of special tokens to 0, and divide by the number of all next tokens. Divide by the number of those that are text."
)
def divides_by_all_positions(model, sae, tokens, text, error_term=False, edit=None):
    return (spliced_losses(model, sae, tokens, text, error_term, edit) * text[:, 1:]).mean().item()


@misconception("You return the mean log-probability, which is negative. The loss is minus that.")
def log_probability(model, sae, tokens, text, error_term=False, edit=None):
    return -spliced_losses(model, sae, tokens, text, error_term, edit)[text[:, 1:]].mean().item()


@misconception("You return minus the mean probability of the next token. Take the logarithm of each probability first.")
def mean_probability(model, sae, tokens, text, error_term=False, edit=None):
    return -(-spliced_losses(model, sae, tokens, text, error_term, edit)[text[:, 1:]]).exp().mean().item()


@misconception(
    "You take the logarithm of the mean probability. Take the mean of the logarithms: each next token has a loss of its own."
)
def log_of_the_mean(model, sae, tokens, text, error_term=False, edit=None):
    losses = spliced_losses(model, sae, tokens, text, error_term, edit)[text[:, 1:]]
    return -(-losses).exp().mean().log().item()


@misconception(
    "You splice at special positions, and leave the text as it is: the two branches of your mask are exchanged."
)
def splices_special_only(model, sae, tokens, text, error_term=False, edit=None):
    replace = right_splice(sae, ~text, error_term, edit)
    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "Your targets wrap around: the last position is to predict the first token of its row. Nothing comes after the last position; leave its "
    "logits out."
)
def wraps_around(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    losses = -logits.log_softmax(-1).gather(2, tokens.roll(-1, dims=1)[..., None])[..., 0]
    return losses[text.roll(-1, dims=1)].mean().item()


@misconception(
    "You return by how much the loss grows over that of the clean model. The loss with the SAE spliced in is asked for."
)
def difference_to_the_clean_loss(model, sae, tokens, text, error_term=False, edit=None):
    logits = logits_with(model, sae.cfg.metadata.hook_name, tokens, right_splice(sae, text, error_term, edit))
    with torch.no_grad():
        return loss_of(logits, tokens, text) - loss_of(model(tokens), tokens, text)


@misconception("You hand the activations to `edit`. It takes latents: encode first, edit, then decode.")
def edits_the_activations(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        latents = sae.encode((edit or same)(value.clone()))
        new = sae.decode(latents)
        if error_term:
            new = new + value - sae.decode(sae.encode(value))
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("You apply `edit` to the reconstruction. It edits latents: what it returns is decoded.")
def edits_the_reconstruction(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        reconstruction = sae.decode(sae.encode(value))
        new = (edit or same)(reconstruction.clone())
        if error_term:
            new = new + value - reconstruction
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception(
    "With `error_term` you put the error term in the activation's place, without the reconstruction. Add it to the reconstruction."
)
def error_in_place_of_the_sum(model, sae, tokens, text, error_term=False, edit=None):
    def replace(value):
        latents = sae.encode(value)
        error = value - sae.decode(latents)
        new = error if error_term else sae.decode((edit or same)(latents))
        return torch.where(text[..., None], new, value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)


@misconception("You add the reconstruction to the activation, where it should take the activation's place.")
def adds_the_reconstruction(model, sae, tokens, text, error_term=False, edit=None):
    right = right_splice(sae, text, error_term, edit)

    def replace(value):
        return torch.where(text[..., None], value + right(value), value)

    return loss_of(logits_with(model, sae.cfg.metadata.hook_name, tokens, replace), tokens, text)
