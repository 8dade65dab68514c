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
    ids = torch.arange(d_vocab)
    ids = ids[ids != bos]
    return ids[torch.randint(len(ids), shape, generator=seeded(seed))]


def with_halves(noise, bos, device):
    start = torch.full((len(noise), 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


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
    "Your second half is not the first half again. Draw once, keep the result in a variable, and use it twice."
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
    "Your tokens are right, but a call of your function changes PyTorch's *global* random state, and with it every random number "
    "drawn later in the program. Use a generator of your own and hand it to the random function."
)
def global_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    torch.manual_seed(seed)
    noise = torch.randint(d_vocab - 1, (batch, half))
    noise = noise + (noise >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, noise, noise], dim=1).to(device)


@misconception(
    "Your tokens are right, but no impossible size gives a `ValueError`. The docstring's section *Raises* lists all of them."
)
def nothing_refused(d_vocab, bos, batch, half, seed, device="cpu"):
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "Within a half, no token comes twice in your sequences. Each token is drawn with replacement: what was drawn before does not "
    "matter."
)
def without_replacement(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    generator = seeded(seed)
    times = -(-half // (d_vocab - 1))
    ids = torch.tensor([token for token in range(d_vocab) if token != bos])
    rows = [
        torch.cat([torch.randperm(d_vocab - 1, generator=generator) for _ in range(times)])[:half] for _ in range(batch)
    ]
    return with_halves(ids[torch.stack(rows)], bos, device)


@misconception(
    "The id after BOS is drawn far too often: each time that BOS would have been drawn, too. All ids except BOS should be equally "
    "likely. Draw from one number less, and move the numbers from `bos` on up by one."
)
def next_id_for_bos(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(d_vocab, (batch, half), generator=seeded(seed))
    return with_halves(torch.where(noise == bos, (noise + 1) % d_vocab, noise), bos, device)


@misconception("Your result is on the CPU, whatever `device` says. Move the finished tokens to `device`.")
def device_ignored(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(noise_without_bos(d_vocab, bos, (batch, half), seed), bos, "cpu")


@misconception("Your tokens are 32-bit integers. Return `torch.int64`, PyTorch's default for integers.")
def short_integers(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(noise_without_bos(d_vocab, bos, (batch, half), seed), bos, device).int()


@misconception(
    "The last id of the vocabulary that is not BOS is never drawn. The upper end of `torch.randint` is exclusive already: do not "
    "take another one away."
)
def last_id_never_drawn(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(max(d_vocab - 2, 1), (batch, half), generator=seeded(seed))
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "Ids above BOS are never drawn in yours. BOS can have any id, also one in the middle of the vocabulary: draw from the ids on both "
    "sides."
)
def ids_below_bos_only(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(
        torch.randint(bos or d_vocab - 1, (batch, half), generator=seeded(seed)) + (bos == 0), bos, device
    )


@misconception(
    "BOS turns up among your random tokens, and the id after it never does. Move up the numbers from `bos` on: compare with `>=`, "
    "not with `>`."
)
def moved_after_bos(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    return with_halves(noise + (noise > bos), bos, device)


@misconception(
    "Your tokens are right, but a call of your function changes the global random state of Python's `random`. Use a "
    "`random.Random(seed)` of your own."
)
def python_global_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    random.seed(seed)
    ids = [token for token in range(d_vocab) if token != bos]
    return with_halves(torch.tensor([random.choices(ids, k=half) for _ in range(batch)]), bos, device)


@misconception(
    "Your tokens are right, but a call of your function changes NumPy's global random state. Use a generator of your own: "
    "`numpy.random.default_rng(seed)`."
)
def numpy_global_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    np.random.seed(seed)
    ids = np.array([token for token in range(d_vocab) if token != bos])
    return with_halves(torch.as_tensor(np.random.choice(ids, (batch, half))), bos, device)


@misconception("Your second half is the first half in reverse order. Repeat it in the same order.")
def mirrored(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed)
    return torch.cat([torch.full((batch, 1), bos), noise, noise.flip(1)], dim=1).to(device)


def lenient(refuse):
    """A right program that refuses what a function of the sizes says."""

    def tokens(d_vocab, bos, batch, half, seed, device="cpu"):
        if refuse(d_vocab, bos, batch, half):
            raise ValueError("impossible sizes")
        noise = torch.randint(max(d_vocab - 1, 1), (max(batch, 0), max(half, 0)), generator=seeded(seed))
        return with_halves(noise + (noise >= bos), bos, device)

    return tokens


@misconception("A `batch` of 0 gives no `ValueError` in yours. A batch has at least one sequence.")
def empty_batch(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse = lenient(lambda v, bos, batch, half: batch < 0 or half < 1 or v < 2 or not 0 <= bos < v)
    return refuse(d_vocab, bos, batch, half, seed, device)


@misconception("A `half` of 0 gives no `ValueError` in yours. A half has at least one token.")
def empty_half(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse = lenient(lambda v, bos, batch, half: batch < 1 or half < 0 or v < 2 or not 0 <= bos < v)
    return refuse(d_vocab, bos, batch, half, seed, device)


@misconception("A `bos` equal to `d_vocab` gives no `ValueError` in yours. The largest id is `d_vocab - 1`.")
def bos_one_too_large(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse = lenient(lambda v, bos, batch, half: batch < 1 or half < 1 or v < 2 or not 0 <= bos <= v)
    return refuse(d_vocab, bos, batch, half, seed, device)


@misconception("A negative `bos` gives no `ValueError` in yours. The smallest id is 0.")
def bos_negative(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse = lenient(lambda v, bos, batch, half: batch < 1 or half < 1 or v < 2 or bos >= v)
    return refuse(d_vocab, bos, batch, half, seed, device)


@misconception(
    "A vocabulary in which BOS is the only token gives no `ValueError` in yours. There is nothing to draw from: ask for at least two "
    "ids."
)
def bos_alone(d_vocab, bos, batch, half, seed, device="cpu"):
    if batch < 1 or half < 1 or not 0 <= bos < d_vocab:
        raise ValueError("impossible sizes")
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "Your tokens depend on what was drawn before the call: the same seed gives others after another draw. Seed the generator "
    "that you draw from."
)
def restored_but_unseeded(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    with torch.random.fork_rng(devices=[]):
        noise = torch.randint(d_vocab - 1, (batch, half))
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "With the seed 0 your function gives other tokens each time, as if there were no seed. 0 is a seed like any "
    "other: do not test it as a truth value."
)
def zero_is_no_seed(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    generator = torch.Generator()
    if seed:
        generator.manual_seed(seed)
    else:
        generator.seed()
    noise = torch.randint(d_vocab - 1, (batch, half), generator=generator)
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "The first and the last of the ids that you draw from come up half as often as the others. This happens when "
    "random numbers are rounded to the nearest id: draw integers, with `torch.randint`."
)
def rounded_draws(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = (torch.rand(batch, half, generator=seeded(seed)) * (d_vocab - 2)).round().long()
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "In a large vocabulary the lowest and the highest ids never come up in yours. The paper leaves out the most and "
    "the least common tokens; here all ids except BOS are drawn."
)
def ends_left_out(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    margin = d_vocab // 8 if d_vocab > 20 else 0
    ids = [token for token in range(margin, d_vocab - margin) if token != bos]
    noise = torch.tensor(ids)[torch.randint(len(ids), (batch, half), generator=seeded(seed))]
    return with_halves(noise, bos, device)


@misconception(
    "No token comes directly after itself in your halves, where there is a choice. Each token is drawn by itself: it may be "
    "the same as the one before."
)
def never_twice_in_a_row(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    rng = random.Random(seed)
    allowed = [token for token in range(d_vocab) if token != bos]
    rows = []
    for _ in range(batch):
        noise = [rng.choice(allowed)]
        while len(noise) < half:
            token = rng.choice(allowed)
            if token != noise[-1] or len(allowed) == 1:
                noise.append(token)
        rows.append(noise)
    return with_halves(torch.tensor(rows), bos, device)


@misconception(
    "All rows of your batch have the same tokens, in another order. Draw the noise of each row anew: the random "
    "function can give all rows at once, of shape `[batch, half]`."
)
def rows_moved_on(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (half,), seed)
    return with_halves(torch.stack([noise.roll(row) for row in range(batch)]), bos, device)


@misconception(
    "You draw on `device`. A generator there gives other numbers than one on the CPU, or there is none. Draw on the "
    "CPU, and move the finished tokens."
)
def drawn_on_the_device(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    generator = torch.Generator(device=device).manual_seed(seed)
    noise = torch.randint(d_vocab - 1, (batch, half), generator=generator, device=device)
    start = torch.full((batch, 1), bos, device=device)
    noise = noise + (noise >= bos)
    return torch.cat([start, noise, noise], dim=1)


@misconception("BOS stands at the end of your rows. It comes first: the model should read it before everything else.")
def bos_at_the_end(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed)
    return torch.cat([noise, noise, torch.full((batch, 1), bos)], dim=1).to(device)


@misconception(
    "The axes of your result are exchanged: it should be `[batch, pos]`, with one sequence in each row, and yours is "
    "`[pos, batch]`."
)
def pos_before_batch(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(noise_without_bos(d_vocab, bos, (batch, half), seed), bos, device).T


@misconception(
    "Your halves are half as long as they should be, as if `half` were the number of all random tokens. One half has "
    "`half` tokens."
)
def half_of_a_half(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(noise_without_bos(d_vocab, bos, (batch, max(half // 2, 1)), seed), bos, device)


def with_sizes_unchecked(d_vocab, bos, batch, half, seed, device):
    """A right program without any check of its own."""
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    return with_halves(noise + (noise >= bos), bos, device)


@misconception(
    "A `half` below 1 gives no `ValueError` in yours: 0 goes through, and for a negative number PyTorch stops with an error "
    "of its own. A half has at least one token."
)
def half_not_checked(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, 1)
    return with_sizes_unchecked(d_vocab, bos, batch, half, seed, device)


@misconception(
    "A `batch` below 1 gives no `ValueError` in yours: 0 goes through, and for a negative number PyTorch stops with an "
    "error of its own. A batch has at least one sequence."
)
def batch_not_checked(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, 1, half)
    return with_sizes_unchecked(d_vocab, bos, batch, half, seed, device)


@misconception(
    "A `bos` beyond the vocabulary gives no `ValueError` in yours. The ids are `0 … d_vocab - 1`: check the upper end as "
    "well as the lower one."
)
def bos_above_not_checked(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, min(bos, d_vocab - 1), batch, half)
    return with_sizes_unchecked(d_vocab, bos, batch, half, seed, device)


@misconception(
    "A `bos` that is no id of the vocabulary gives no `ValueError` in yours, whether it is negative or too large. The ids are "
    "`0 … d_vocab - 1`."
)
def bos_not_checked(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, 0, batch, half)
    return with_sizes_unchecked(d_vocab, bos, batch, half, seed, device)


@misconception(
    "Where BOS is the only token of the vocabulary, your function returns tokens all the same. There is nothing to draw from: "
    "raise a `ValueError`."
)
def bos_alone_is_repeated(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(max(d_vocab, 2) if d_vocab else d_vocab, bos, batch, half)
    return with_sizes_unchecked(max(d_vocab, 2), bos, batch, half, seed, device)


@misconception("Your rows are one token too long: something follows the second half. The length is `1 + 2 * half`.")
def one_token_more(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed)
    return torch.cat([with_halves(noise, bos, "cpu"), noise[:, :1]], dim=1).to(device)


@misconception("Your halves come three times. They come twice: the length is `1 + 2 * half`.")
def three_times(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    noise = noise_without_bos(d_vocab, bos, (batch, half), seed)
    return torch.cat([with_halves(noise, bos, "cpu"), noise], dim=1).to(device)


@misconception("Your result is a list of lists. Return a tensor of shape `[batch, pos]`.")
def list_of_rows(d_vocab, bos, batch, half, seed, device="cpu"):
    refuse_impossible(d_vocab, bos, batch, half)
    return with_halves(noise_without_bos(d_vocab, bos, (batch, half), seed), bos, device).tolist()


@misconception(
    "A `bos` equal to `d_vocab` gives no `ValueError` in yours, and without any id PyTorch fails with a `RuntimeError`. The largest id is "
    "`d_vocab - 1`, so 0 ids have none."
)
def bos_one_too_large_or_no_ids(d_vocab, bos, batch, half, seed, device="cpu"):
    if batch < 1 or half < 1 or d_vocab == 1 or bos < 0 or bos > d_vocab:
        raise ValueError("impossible sizes")
    noise = torch.randint(d_vocab - 1, (batch, half), generator=seeded(seed))
    return with_halves(torch.where(noise < bos, noise, noise + 1), bos, device)
