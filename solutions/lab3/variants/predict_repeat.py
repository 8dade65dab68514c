"""Right and wrong ways to continue a prompt greedily."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_none(n_tokens):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")


def continued(model, tokens, n_tokens, position=-1):
    """The new tokens only, [batch, n_tokens], each read from the logits at a position."""
    start = tokens.shape[1]
    for _ in range(n_tokens):
        best = model(tokens)[:, position].argmax(-1, keepdim=True)
        tokens = torch.cat([tokens, best], 1)
    return tokens[:, start:]


@accepted
def by_generate(model, prompts, n_tokens):
    """The library's own loop, without sampling and without stopping."""
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        longer = model.generate(tokens, max_new_tokens=n_tokens, do_sample=False, stop_at_eos=False, verbose=False)
        texts.append(model.to_string(longer[0, tokens.shape[1] :]))
    return texts


@accepted
def by_length(model, prompts, n_tokens):
    """All prompts of one length as a batch."""
    refuse_none(n_tokens)
    groups = {}
    for place, prompt in enumerate(prompts):
        tokens = model.to_tokens(prompt)
        groups.setdefault(tokens.shape[1], []).append((place, tokens))
    texts = [""] * len(prompts)
    for group in groups.values():
        new = continued(model, torch.cat([tokens for _, tokens in group]), n_tokens)
        for (place, _), row in zip(group, new, strict=True):
            texts[place] = model.to_string(row)
    return texts


@accepted
def by_padding(model, prompts, n_tokens):
    """One batch, padded on the right: a causal model never sees the padding if one reads before it."""
    refuse_none(n_tokens)
    rows = [model.to_tokens(prompt)[0].tolist() for prompt in prompts]
    new = [[] for _ in rows]
    for _ in range(n_tokens):
        longest = max(map(len, rows))
        batch = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=model.cfg.device)
        log_probs = model(batch).log_softmax(-1)
        for place, row in enumerate(rows):
            best = int(log_probs[place, len(row) - 1].topk(1).indices)
            row.append(best)
            new[place].append(best)
    return [model.to_string(torch.tensor(tokens)) for tokens in new]


@misconception(
    "You read the logits one position too early: what you return is the model's guess of the prompt's own last token. "
    "The logits at a position are about the token after it, so look at the row of the last position."
)
def one_too_early(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens, -2)[0]) for p in prompts]


@misconception(
    "You read the logits at position 0. There the model has seen nothing but BOS, so it gives the same answer whatever "
    "the prompt says. Which position has seen the whole prompt?"
)
def at_bos(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens, 0)[0]) for p in prompts]


@misconception(
    "The prompts reach the model without BOS. Every position is then one off from what the model was trained on, and "
    "heads that rest on BOS have no place to rest. Let `to_tokens` put it in front, as it does by default."
)
def without_bos(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p, prepend_bos=False), n_tokens)[0]) for p in prompts]


@misconception(
    "You tokenize all prompts together and read the last column. The shorter prompts are padded there, so for them you "
    "continue the padding and not the text. Each prompt has a last position of its own."
)
def after_the_padding(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(row) for row in continued(model, model.to_tokens(prompts), n_tokens)]


@misconception(
    "You ask the model once, and repeat its answer `n_tokens` times. The second new token depends on the first: append "
    "the first one and run the model again."
)
def same_token_again(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), 1)[0].repeat(n_tokens)) for p in prompts]


@misconception(
    "You take the predictions at the last `n_tokens` positions of a single run. All but the final one are about tokens "
    "that the prompt already has. New tokens come one at a time: append, and run again."
)
def last_positions_of_one_run(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(model(model.to_tokens(p))[0, -n_tokens:].argmax(-1)) for p in prompts]


@misconception(
    "You complete the pattern yourself, by looking the last word up in the prompt. The question is what the *model* "
    "says: it may know better, or worse, and not every prompt repeats."
)
def looked_up(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        words = prompt.split()
        for _ in range(n_tokens):
            words.append(words[(words[:-1].index(words[-1]) if words[-1] in words[:-1] else -1) + 1])
        texts.append("".join(" " + word for word in words[-n_tokens:]))
    return texts


@misconception(
    "You strip the space off the answer. In this tokenizer the space is part of the token: `' def'` and `'def'` are "
    "two different tokens, and the model predicts the first."
)
def stripped(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]).strip() for p in prompts]


@misconception("Your texts begin with the prompt. Wanted is only what the model adds to it.")
def prompt_included(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [p + model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts]


@misconception(
    "You take the *least* likely token at each step: the sort runs the other way. Look at which end of your order you "
    "pick from."
)
def least_likely(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            tokens = torch.cat([tokens, model(tokens)[:, -1].argsort(-1)[:, :1]], 1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts


@misconception(
    "Your continuations are right, but asking for no tokens at all goes through without a word. The docstring's "
    "section *Raises* asks for a `ValueError` there."
)
def nothing_refused(model, prompts, n_tokens):
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts]
