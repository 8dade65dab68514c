"""Right and wrong ways to sweep the residual stream."""

from functools import partial

import torch
from transformer_lens import patching

from mechgrade.authoring.variants import accepted, misconception


def stream(layer, place="resid_pre"):
    """The hook name of the residual stream at a layer."""
    return f"blocks.{layer}.hook_{place}"


def cached(model, tokens, place="resid_pre"):
    """The residual stream of every layer in a run."""
    names = [stream(layer, place) for layer in range(model.cfg.n_layers)]
    return model.run_with_cache(tokens, names_filter=names)[1]


def replace(resid, hook, position, clean):
    """The hook: one position from another run."""
    resid = resid.clone()
    resid[:, position] = clean[:, position]
    return resid


def sweep(model, tokens, cache, metric, place="resid_pre", hook=replace):
    """Every layer and position in turn."""
    rows = [
        [
            metric(
                model.run_with_hooks(
                    tokens,
                    fwd_hooks=[(stream(layer, place), partial(hook, position=p, clean=cache[stream(layer, place)]))],
                )
            )
            for p in range(tokens.shape[1])
        ]
        for layer in range(model.cfg.n_layers)
    ]
    return torch.stack([torch.stack(row) for row in rows])


@accepted
def by_the_library(model, clean_tokens, corrupted_tokens, metric):
    """`transformer_lens.patching` makes the same map."""
    _, cache = model.run_with_cache(clean_tokens)
    return patching.get_act_patch_resid_pre(model, corrupted_tokens, cache, metric)


@accepted
def in_place_with_context(model, clean_tokens, corrupted_tokens, metric):
    """Edits in place, hooks by a context manager, numbers into a prepared tensor."""
    _, cache = model.run_with_cache(clean_tokens)
    layers, positions = model.cfg.n_layers, corrupted_tokens.shape[1]
    found = torch.zeros(layers, positions, dtype=cache["resid_pre", 0].dtype, device=corrupted_tokens.device)
    for layer in range(layers):
        for position in range(positions):

            def hook(resid, hook, layer=layer, position=position):
                resid[:, position] = cache["resid_pre", layer][:, position]
                return resid

            with model.hooks(fwd_hooks=[(stream(layer), hook)]):
                found[layer, position] = metric(model(corrupted_tokens)).item()
    return found


@accepted
def by_masks(model, clean_tokens, corrupted_tokens, metric):
    """A mask over the positions; hooks attached by hand and taken off after each run; positions outside."""
    cache = cached(model, clean_tokens)
    columns = []
    for here in torch.eye(corrupted_tokens.shape[1], dtype=torch.bool, device=corrupted_tokens.device):
        column = []
        for layer in range(model.cfg.n_layers):
            clean = cache[stream(layer)]
            model.add_hook(stream(layer), lambda resid, hook, m=here, c=clean: torch.where(m[None, :, None], c, resid))
            try:
                column.append(metric(model(corrupted_tokens)))
            finally:
                model.reset_hooks()
        columns.append(torch.stack(column))
    return torch.stack(columns, dim=1)


@misconception(
    "You patch in the other direction: corrupted activations into the clean run. That is noising, and asks what is "
    "*needed*. Here the model should run on the corrupted prompts, with clean activations put in."
)
def noising(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, clean_tokens, cached(model, corrupted_tokens), metric)


@misconception(
    "Your map is flat: every cell has the corrupted run's value, so no patch had an effect. Either the hook does not "
    "return what it changed, or the cached activations come from the corrupted prompts, or the hook's name is none that "
    "the model knows (a TransformerBridge does not complain)."
)
def no_effect(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, corrupted_tokens), metric)


@misconception(
    "You patch the stream *after* each layer (`hook_resid_post`), so your map is one layer off: its first row belongs to "
    "the second layer. Asked for is the stream that enters the layer."
)
def after_the_layer(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens, "resid_post"), metric, "resid_post")


@misconception(
    "The activations that you put in belong to another layer: you read the clean stream *after* the layer and put it in "
    "*before* it. Read and write at the same place."
)
def read_elsewhere(model, clean_tokens, corrupted_tokens, metric):
    after = cached(model, clean_tokens, "resid_post")
    cache = {stream(layer): after[stream(layer, "resid_post")] for layer in range(model.cfg.n_layers)}
    return sweep(model, corrupted_tokens, cache, metric)


@misconception(
    "All positions of a row have the same value: your hook replaces the whole stream instead of one position, so the run "
    "becomes the clean one."
)
def all_positions(model, clean_tokens, corrupted_tokens, metric):
    return sweep(
        model, corrupted_tokens, cached(model, clean_tokens), metric, hook=lambda r, hook, position, clean: clean
    )


@misconception(
    "Your patches pile up: hooks of earlier cells are still attached when the next one runs, so a cell shows everything "
    "that was patched up to it. Take each hook off after its run, or let `run_with_hooks` do it."
)
def piled_up(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            model.add_hook(stream(layer), partial(replace, position=position, clean=cache[stream(layer)]))
            row.append(metric(model(corrupted_tokens)))
        rows.append(torch.stack(row))
    model.reset_hooks()
    return torch.stack(rows)


@misconception(
    "Your map is right, but the last hook is still attached to the model. Whoever uses the model next gets patched runs "
    "without knowing. Take hooks off *after* each run, not before the next; `run_with_hooks` does it for you."
)
def last_hook_left(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            model.reset_hooks()
            model.add_hook(stream(layer), partial(replace, position=position, clean=cache[stream(layer)]))
            row.append(metric(model(corrupted_tokens)))
        rows.append(torch.stack(row))
    return torch.stack(rows)


@misconception(
    "Every cell has the value of the very last one. Your hooks were made in a loop and look up the layer and the position "
    "when they are called, and by then the loop has ended. Bind the values when you make the hook."
)
def late_binding(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    layers, positions = model.cfg.n_layers, corrupted_tokens.shape[1]
    last = partial(replace, position=positions - 1, clean=cache[stream(layers - 1)])
    value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(stream(layers - 1), last)]))
    return value.expand(layers, positions).clone()


@misconception("Rows and columns are swapped: the map should be `[layer, pos]`, and yours is `[pos, layer]`.")
def positions_first(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric).T


@misconception(
    "You leave out position 0, so all your columns are one place off. A patch at BOS is dull, since both prompts have it, "
    "but it keeps the columns and the tokens together."
)
def bos_left_out(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric)[:, 1:]


@misconception(
    "You return the change against the corrupted run. The metric of the patched run itself is asked for; to put it on a "
    "scale is another step."
)
def change_returned(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric) - metric(model(corrupted_tokens))


@misconception(
    "A cell of your map patches all positions up to its own: a slice `[:position + 1]` is a whole beginning. Patch one "
    "position at a time."
)
def up_to_the_position(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return torch.cat([clean[:, : position + 1], resid[:, position + 1 :]], dim=1)

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)
