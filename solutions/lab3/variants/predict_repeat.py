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
    "The prompts reach the model without BOS. Every token then stands one position earlier, and "
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


@misconception(
    "Your continuation ends with the first end-of-text token. Exactly `n_tokens` tokens are asked for. If you use `generate`, "
    "it stops there by default: set `stop_at_eos=False`."
)
def stops_at_end_of_text(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        new = continued(model, model.to_tokens(prompt), n_tokens)[0]
        ends = (new == model.tokenizer.eos_token_id).nonzero()
        texts.append(model.to_string(new[: int(ends[0]) + 1] if len(ends) else new))
    return texts


@misconception(
    "Your continuation stops before the first end-of-text token. An end-of-text token stops nothing, and it is part of the text: "
    "append it like any other, and go on."
)
def stops_before_end_of_text(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        new = continued(model, model.to_tokens(prompt), n_tokens)[0]
        ends = (new == model.tokenizer.eos_token_id).nonzero()
        texts.append(model.to_string(new[: int(ends[0])] if len(ends) else new))
    return texts


@misconception(
    "End-of-text tokens are missing from your texts. An end-of-text token is a token like any other: keep it when you turn "
    "tokens into text."
)
def special_tokens_left_out(model, prompts, n_tokens):
    refuse_none(n_tokens)
    new = [continued(model, model.to_tokens(prompt), n_tokens)[0] for prompt in prompts]
    return [model.to_string(row[row != model.tokenizer.eos_token_id]) for row in new]


@misconception(
    "Where the end-of-text token is the most likely one, your text goes on with another token. Take the most likely token "
    "of all, without exceptions."
)
def never_end_of_text(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            logits = model(tokens)[:, -1].clone()
            logits[:, model.tokenizer.eos_token_id] = -torch.inf
            tokens = torch.cat([tokens, logits.argmax(-1, keepdim=True)], 1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts


@misconception(
    "Your answers are those of a model that reads BOS twice. `to_tokens` already puts BOS in front of the text: do not add another."
)
def bos_twice(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        texts.append(model.to_string(continued(model, torch.cat([tokens[:, :1], tokens], 1), n_tokens)[0]))
    return texts


@misconception(
    "Your new tokens are the `n_tokens` most likely ones after the prompt. They should follow one another: append the most "
    "likely token, and run the model again."
)
def best_few_of_one_run(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(model(model.to_tokens(p))[0, -1].topk(n_tokens).indices) for p in prompts]


@misconception(
    "Your answers are right, but they are not in the order of `prompts`. If you sort the prompts, put the answers back."
)
def shortest_first(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in sorted(prompts, key=len)]


@misconception("Your texts have one token too many. Exactly `n_tokens` new tokens are asked for.")
def one_token_more(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens + 1)[0]) for p in prompts]


@misconception("Your texts lack the last token. Exactly `n_tokens` new tokens are asked for.")
def one_token_less(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0, :-1]) for p in prompts]


@misconception(
    "Your tokens are those of a model that sees the last sixteen tokens only. Give it all tokens so far: a repetition can be "
    "further back."
)
def short_window(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            tokens = torch.cat([tokens, model(tokens[:, -16:])[:, -1].argmax(-1, keepdim=True)], 1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts


@misconception(
    "Where a prompt is given twice, your list has only one answer for both. Return one text for each prompt."
)
def equal_prompts_once(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in dict.fromkeys(prompts)]


@misconception(
    "You turn each new token into text alone. A letter can be made of two tokens, and half a letter has no text. Turn all the new "
    "tokens into text at once."
)
def token_by_token_text(model, prompts, n_tokens):
    refuse_none(n_tokens)
    new = [continued(model, model.to_tokens(prompt), n_tokens)[0] for prompt in prompts]
    return ["".join(model.to_string(row[place : place + 1]) for place in range(n_tokens)) for row in new]


@misconception(
    "You turn the text back into tokens after each step. The tokens can come out different from those that the model gave: append "
    "the new token itself."
)
def tokenized_anew(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        text = ""
        for _ in range(n_tokens):
            text += model.to_string(continued(model, model.to_tokens(prompt + text), 1)[0])
        texts.append(text)
    return texts


@misconception(
    "Your answers lack the prompt also where the model says it again. Cut the prompt's tokens off at the front, instead of "
    "deleting its text."
)
def prompt_deleted_everywhere(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        texts.append(
            model.to_string(torch.cat([tokens[0, 1:], continued(model, tokens, n_tokens)[0]])).replace(prompt, "")
        )
    return texts


@misconception(
    "Your function says nothing about `n_tokens` below 1 when there are no prompts. Check `n_tokens` before the loop over prompts."
)
def checked_in_the_loop(model, prompts, n_tokens):
    texts = []
    for prompt in prompts:
        refuse_none(n_tokens)
        texts.append(model.to_string(continued(model, model.to_tokens(prompt), n_tokens)[0]))
    return texts


@misconception(
    "Your text never has the same token twice in a row. The most likely token may be the one just before it: take it all the same."
)
def never_the_same_twice(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            logits = model(tokens)[:, -1].scatter(-1, tokens[:, -1:], -torch.inf)
            tokens = torch.cat([tokens, logits.argmax(-1, keepdim=True)], 1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts


@misconception(
    "You draw each token at random, by its probability, as `generate` does by default. Greedy means the most likely "
    "token: `do_sample=False`."
)
def sampled(model, prompts, n_tokens):
    refuse_none(n_tokens)
    generator = torch.Generator().manual_seed(0)
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            chances = model(tokens)[:, -1].softmax(-1).cpu()
            tokens = torch.cat([tokens, torch.multinomial(chances, 1, generator=generator).to(tokens.device)], 1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts


@misconception(
    "Each prompt after the first is read with the prompts before it in front. Continue each prompt by itself: begin "
    "with its own tokens."
)
def prompts_pile_up(model, prompts, n_tokens):
    refuse_none(n_tokens)
    texts, tokens = [], None
    for prompt in prompts:
        own = model.to_tokens(prompt)
        tokens = own if tokens is None else torch.cat([tokens, own[:, 1:]], 1)
        texts.append(model.to_string(continued(model, tokens, n_tokens)[0]))
    return texts


@misconception("Your texts are joined to a single one. Return a list, with one text for each prompt.")
def one_text_for_all(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return "".join(model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts)


@misconception(
    "Your function lets a negative `n_tokens` through: it refuses 0 alone. Every number below 1 should give a "
    "`ValueError`."
)
def only_zero_refused(model, prompts, n_tokens):
    if n_tokens == 0:
        raise ValueError("n_tokens must not be 0")
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts]


@misconception(
    "An `n_tokens` of 0 goes through in your function: it refuses negative numbers alone. Every number below 1 should "
    "give a `ValueError`, also without prompts."
)
def zero_accepted(model, prompts, n_tokens):
    if n_tokens < 0:
        raise ValueError("n_tokens must not be negative")
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts]


@misconception("Only your first prompt is continued. Return one text for each prompt.")
def first_prompt_alone(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0]) for p in prompts[:1]]


@misconception("Your answer is the last new token alone. Return the text of all `n_tokens` new tokens.")
def last_token_alone(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [model.to_string(continued(model, model.to_tokens(p), n_tokens)[0, -1:]) for p in prompts]


@misconception("Your answers are token ids. Turn the new tokens of each prompt into text with `model.to_string`.")
def ids_for_text(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [continued(model, model.to_tokens(p), n_tokens)[0].tolist() for p in prompts]


@misconception(
    "Your answers begin with BOS and the prompt. Cut off the tokens that you gave to the model before you turn the rest "
    "into text."
)
def bos_and_prompt_included(model, prompts, n_tokens):
    refuse_none(n_tokens)
    tokens = [model.to_tokens(p) for p in prompts]
    return [model.to_string(torch.cat([row, continued(model, row, n_tokens)], 1)[0]) for row in tokens]


@misconception(
    "The answers are in lists of one text for each prompt. Return a list of texts: `to_string` of a batch gives a list, "
    "and of a single row it gives a text."
)
def lists_for_texts(model, prompts, n_tokens):
    refuse_none(n_tokens)
    return [[model.to_string(continued(model, model.to_tokens(p), n_tokens)[0])] for p in prompts]


@misconception(
    "Your answers lack the space before each token. In this tokenizer the space is part of the token: do not strip the "
    "tokens one by one."
)
def stripped_tokens(model, prompts, n_tokens):
    refuse_none(n_tokens)
    new = [continued(model, model.to_tokens(prompt), n_tokens)[0] for prompt in prompts]
    return ["".join(model.to_string(row[place : place + 1]).strip() for place in range(n_tokens)) for row in new]
