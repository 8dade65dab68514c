"""Right and wrong ways to make repeated random tokens."""

import random

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_impossible(d_vocab, bos, batch, half):
    """Raise the errors that the exercise asks for: a misconception is wrong in one thing only."""
    if batch < 1 or half < 1 or d_vocab < 2 or not 0 <= bos < d_vocab:
        raise ValueError("impossible sizes")


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def noise_without_bos(d_vocab, bos, shape, seed):
    ids = torch.tensor([token for token in range(d_vocab) if token != bos])
    return ids[torch.randint(len(ids), shape, generator=seeded(seed))]


@accepted
def by_lookup_table(d_vocab, bos, batch, half, seed, device="cpu"):
    """Draw from an explicit table of the ids that are allowed, and fill a prepared tensor."""
    refuse_impossible(d_vocab, bos, batch, half)
    tokens = torch.full((batch, 1 + 2 * half), bos, dtype=torch.long, device=device)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed).to(device)
    tokens[:, 1 : half + 1] = noise
    tokens[:, half + 1 :] = noise
    return tokens


@accepted
def by_forked_state(d_vocab, bos, batch, half, seed, device="cpu"):
    """Seed the global state, but inside a context that puts it back."""
    refuse_impossible(d_vocab, bos, batch, half)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        weights = torch.ones(batch, d_vocab)
        weights[:, bos] = 0
        noise = torch.multinomial(weights, half, replacement=True)
    return torch.nn.functional.pad(noise.repeat(1, 2), (1, 0), value=bos).to(device)


@accepted
def by_numpy(d_vocab, bos, batch, half, seed, device="cpu"):
    """Draw with NumPy, and draw again whatever came out as BOS."""
    refuse_impossible(d_vocab, bos, batch, half)
    rng = np.random.default_rng(seed)
    noise = rng.integers(d_vocab, size=(batch, half))
    while (noise == bos).any():
        noise = np.where(noise == bos, rng.integers(d_vocab, size=noise.shape), noise)
    tokens = np.concatenate([np.full((batch, 1), bos), noise, noise], axis=1)
    return torch.as_tensor(tokens, dtype=torch.long, device=device)


@accepted
def by_python_lists(d_vocab, bos, batch, half, seed, device="cpu"):
    """Build each row as a plain list."""
    refuse_impossible(d_vocab, bos, batch, half)
    rng = random.Random(seed)
    allowed = [token for token in range(d_vocab) if token != bos]
    rows = []
    for _ in range(batch):
        noise = rng.choices(allowed, k=half)
        rows.append([bos, *noise, *noise])
    return torch.tensor(rows, device=device)


@misconception(
    "You put BOS in front of the second half too. It should appear once, at the very start: in the middle it would "
    "tell the model that a new document begins, and it makes the sequence one position too long. Repeat the noise "
    "only, not what stands before it."
)
def bos_repeated(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, start, noise], dim=1).to(device)


@misconception(
    "Your sequences have no BOS at all: they are `2 * half` long and begin with a random token. The model expects BOS "
    "at position 0, and many heads rest on it. Put one in front of the noise, in each row."
)
def bos_forgotten(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return noise_without_bos(d_vocab, bos, (batch, half), seed).repeat(1, 2).to(device)


@misconception(
    "All rows of your batch are the same sequence. A batch of copies measures one sequence several times; draw noise "
    "of its own for each row. Look at the shape that you give to the random function."
)
def half_shared(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (half,), seed).expand(batch, half)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Your second half is new noise and not the first half again, so nothing in the sequence repeats. Draw once, keep "
    "the result in a variable, and use it twice."
)
def halves_drawn_apart(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, 2 * half), seed)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise], dim=1).to(device)


@misconception(
    "You repeat each token on the spot (a a b b c c) and not the whole half (a b c a b c). Both give the right "
    "length; check what your repeating function does with a short example."
)
def tokens_doubled(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed).repeat_interleave(2, dim=1)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise], dim=1).to(device)


@misconception(
    "BOS turns up among your random tokens. You draw from the whole vocabulary, and BOS is a part of it; now and then "
    "it is drawn. Leave its id out of what can be drawn."
)
def bos_drawn(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(d_vocab, (batch, half), generator=seeded(seed))
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "You leave out the *last* id of the vocabulary, which is right only where BOS is the last one, as in GPT-2. "
    "Elsewhere BOS can still be drawn, and an ordinary token never is. Use the argument `bos`. (If you only meant to "
    "draw from the whole vocabulary: the upper end of `torch.randint` is already exclusive.)"
)
def last_id_left_out(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "You leave out id 0, as if it were BOS (or padding). In this vocabulary it is an ordinary token, and BOS can have "
    "any id: use the argument `bos`."
)
def first_id_left_out(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(1, d_vocab, (batch, half), generator=seeded(seed))
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Your tokens are floating-point numbers. Token ids are indices into the embedding table, so the model wants "
    "integers (`torch.int64`). Draw integers from the start, or convert before you return."
)
def float_tokens(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.floor(torch.rand(batch, half, generator=seeded(seed)) * (d_vocab - 1))
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), float(bos))
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "You never use `seed`: two calls with the same seed give different tokens, so nobody can repeat your measurement. "
    "Give the random function a generator that you have seeded."
)
def unseeded(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(d_vocab - 1, (batch, half))
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Different seeds give the same tokens in your function: the generator is seeded with a fixed number. Seed it with "
    "the argument."
)
def fixed_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), 42)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Your tokens are right, but you seed PyTorch's *global* generator on the way, so that calling your function "
    "changes every random number drawn after it in the whole program. Use a generator of your own and hand it to the "
    "random function."
)
def global_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    torch.manual_seed(seed)
    noise = torch.randint(d_vocab - 1, (batch, half))
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Your tokens are right, but impossible sizes go through without a word: an empty half, an empty batch, or a BOS "
    "outside the vocabulary. The docstring's section *Raises* lists what should be a `ValueError`."
)
def nothing_refused(d_vocab, bos, batch, half, seed, device="cpu"):
    noise = torch.randint(max(d_vocab - 1, 1), (batch, half), generator=seeded(seed))
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)
