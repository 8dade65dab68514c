"""Right and wrong ways to patch one position of the residual stream."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(resid, position, clean):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if resid.shape != clean.shape or position not in range(resid.shape[1]):
        raise ValueError("the streams do not fit, or there is no such position")


@accepted
def in_place(resid, hook, position, clean):
    """An assignment into the given tensor, which is then returned."""
    refuse_misfits(resid, position, clean)
    resid[:, position, :] = clean[:, position, :]
    return resid


@accepted
def by_mask(resid, hook, position, clean):
    """`torch.where` with a mask over the positions."""
    refuse_misfits(resid, position, clean)
    here = torch.arange(resid.shape[1], device=resid.device) == position
    return torch.where(here[None, :, None], clean, resid)


@accepted
def by_parts(resid, hook, position, clean):
    """What is before, the clean position, what is after."""
    refuse_misfits(resid, position, clean)
    return torch.cat([resid[:, :position], clean[:, position : position + 1], resid[:, position + 1 :]], dim=1)


@accepted
def prompt_by_prompt(resid, hook, position, clean):
    """A loop over the batch."""
    refuse_misfits(resid, position, clean)
    patched = [stream.clone() for stream in resid]
    for stream, other in zip(patched, clean, strict=True):
        stream[position] = other[position]
    return torch.stack(patched)


@misconception(
    "Your hook changes the stream in place but returns nothing. In a model the edit may come through by luck, because "
    "it goes on with the same memory; but what a hook *returns* is what counts. End with a `return`."
)
def nothing_returned(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    resid[:, position] = clean[:, position]


@misconception(
    "Your hook makes a patched copy and then does not return it. A hook that returns nothing leaves the activation as "
    "it is, so the patch has no effect at all."
)
def copy_not_returned(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]


@misconception(
    "You replace the stream at all positions, so everything after this layer is the clean run. Only the given position "
    "should come from there; the others stay as they are in the present run."
)
def all_positions(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    return clean.clone()


@misconception(
    "Your patch has no effect: what you return is the stream that you were given. Perhaps the two tensors are the wrong "
    "way round, or the patched copy is not the one that you return."
)
def no_effect(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    return resid


@misconception(
    "You patch in the wrong direction: your result is the *clean* stream with one position from the present run. It "
    "should be the present run's stream with one position from the clean one."
)
def wrong_direction(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = clean.clone()
    patched[:, position] = resid[:, position]
    return patched


@misconception(
    "Your result is right, but `clean` is changed too: you edit it, or a view of it. The clean activations are needed for "
    "the next patch."
)
def clean_edited(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    clean.copy_(patched)
    return patched


@misconception(
    "You index the batch where the position is meant: `resid[position]` is a *prompt*. The axes are `[batch, pos, "
    "d_model]`, and all prompts should be patched."
)
def batch_for_position(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[position] = clean[position]
    return patched


@misconception(
    "You index the last axis: `[..., position]` is one dimension of the residual stream at every position. The axes are "
    "`[batch, pos, d_model]`."
)
def dimension_for_position(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[..., position] = clean[..., position]
    return patched


@misconception(
    "You replace all positions up to the given one. A slice `[:position + 1]` is a whole beginning; only the one "
    "position should be patched."
)
def up_to_the_position(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, : position + 1] = clean[:, : position + 1]
    return patched


@misconception(
    "You replace the given position and all that follow. A slice `[position:]` is a whole end; only the one position "
    "should be patched."
)
def from_the_position_on(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position:] = clean[:, position:]
    return patched


@misconception(
    "Every prompt gets the clean activation of the *first* prompt. Each has its own clean twin: keep the batch axis when "
    "you read `clean`."
)
def first_prompt_for_all(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[0, position]
    return patched


@misconception(
    "Only the first prompt of the batch is patched; the others run unchanged. Look at the index on the batch axis."
)
def first_prompt_only(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[0, position] = clean[0, position]
    return patched


@misconception(
    "You add the clean stream to the present one. Patching replaces: afterwards nothing of the present run should be left "
    "at this position."
)
def added(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] += clean[:, position]
    return patched


@misconception(
    "You return the clean activation of the one position alone, `[batch, d_model]`. The model goes on with what you "
    "return, so it has to be the whole stream, `[batch, pos, d_model]`."
)
def one_position_returned(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    return clean[:, position]


@misconception(
    "Your patch is right, but a clean stream of another shape, or a position that is not there, goes through or ends in "
    "an error of PyTorch's. The docstring asks for a `ValueError`."
)
def nothing_refused(resid, hook, position, clean):
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


_KEPT = {}


@misconception(
    "Your first call is right, but a later one with another clean run of the same shape gets the first one's values: "
    "they are kept between calls. Use the `clean` that you are given."
)
def clean_kept_between_calls(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = _KEPT.setdefault((position, clean.shape), clean[:, position].clone())
    return patched


@misconception(
    "You write the mean of the two runs at the position. Patching replaces: nothing of the present run should be left "
    "there."
)
def mean_of_both(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = (resid[:, position] + clean[:, position]) / 2
    return patched


@misconception(
    "Your result is right, but `clean` holds the present run's values at this position afterwards. It has to stay as it "
    "is, for the next patch."
)
def runs_exchanged(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    clean[:, position] = resid[:, position]
    return patched


@misconception(
    "For a batch of one prompt your result has lost its batch axis. The model goes on with what you return, so it has to "
    "have the shape of `resid`: `[1, pos, d_model]`."
)
def batch_of_one_squeezed(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched[0] if len(patched) == 1 else patched


@misconception(
    "Your patch is right, but a clean run of *one* prompt is used for all prompts of the batch. The docstring asks for a "
    "`ValueError` where the shapes differ."
)
def one_clean_prompt_for_all(resid, hook, position, clean):
    if resid.shape[1:] != clean.shape[1:] or len(clean) not in (1, len(resid)) or position not in range(resid.shape[1]):
        raise ValueError("the streams do not fit")
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but a negative position goes through and is counted from the end. The docstring knows positions "
    "from 0 to `pos - 1`, and asks for a `ValueError` for others."
)
def negative_positions(resid, hook, position, clean):
    refuse_misfits(resid, position + resid.shape[1] if -resid.shape[1] <= position < 0 else position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but the position `pos`, one past the last, goes through. Positions end at `pos - 1`; the "
    "docstring asks for a `ValueError` for others."
)
def one_past_the_end(resid, hook, position, clean):
    if position == resid.shape[1] and resid.shape == clean.shape:
        return resid
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but streams that do not fit end in an `AssertionError`. A `ValueError` is asked for."
)
def assertion(resid, hook, position, clean):
    assert resid.shape == clean.shape, "the shapes differ"
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception("Position 0 is refused. It is a position like all others: BOS has a residual stream too.")
def position_zero_refused(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    if not position:
        raise ValueError("no position 0")
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "The last position is refused. Positions go from 0 to `pos - 1`, and `pos - 1` is a position like all others."
)
def last_position_refused(resid, hook, position, clean):
    refuse_misfits(resid, position + 1, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but a clean stream with another number of *positions* goes through. Then one position can be "
    "two different words. The docstring asks for a `ValueError`."
)
def length_not_compared(resid, hook, position, clean):
    refuse_misfits(resid[:, :1], 0, clean[:, :1])
    if not 0 <= position < resid.shape[1]:
        raise ValueError("there is no such position")
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but a clean stream with another `d_model` goes through: a single number is written into the "
    "whole vector. The docstring asks for a `ValueError`."
)
def width_not_compared(resid, hook, position, clean):
    refuse_misfits(resid[..., :1], position, clean[..., :1])
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but the numbers of *prompts* are not compared: one clean prompt is used for all, and other numbers "
    "end in an error of PyTorch's. The docstring asks for a `ValueError`."
)
def batch_not_compared(resid, hook, position, clean):
    refuse_misfits(resid[:1], position, clean[:1])
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but only the numbers of *positions* are compared. The docstring asks for a `ValueError` where the "
    "streams differ in any of the three axes."
)
def only_lengths_compared(resid, hook, position, clean):
    refuse_misfits(resid[:1, :, :1], position, clean[:1, :, :1])
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but the position is not checked: a negative one counts from the end, and one behind the end is an "
    "`IndexError`. The docstring asks for a `ValueError` for both."
)
def positions_not_checked(resid, hook, position, clean):
    refuse_misfits(resid, 0, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but a position behind the end is an `IndexError`: you refuse negative ones alone. The docstring asks "
    "for a `ValueError` for both."
)
def only_negative_positions_checked(resid, hook, position, clean):
    refuse_misfits(resid, min(position, 0), clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception(
    "Your patch is right, but a position that is not there ends in an `AssertionError`. A `ValueError` is asked for: use `if` "
    "and `raise`."
)
def positions_asserted(resid, hook, position, clean):
    assert 0 <= position < resid.shape[1]
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position]
    return patched


@misconception("You write zeros at the position. That is ablation; a patch puts the clean stream there.")
def zeroed(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = 0
    return patched


@misconception("You patch one position too late. Positions are counted from 0, where BOS stands.")
def one_position_too_late(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    place = (position + 1) % resid.shape[1]
    patched[:, place] = clean[:, place]
    return patched


@misconception("You patch one position too early. Positions are counted from 0, where BOS stands.")
def one_position_too_early(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position - 1] = clean[:, position - 1]
    return patched


@misconception(
    "Every prompt gets the *mean* clean stream of the batch. Each has its own clean twin: keep the batch axis when you read "
    "`clean`."
)
def mean_prompt_for_all(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid.clone()
    patched[:, position] = clean[:, position].mean(0)
    return patched


@misconception(
    "Everything but the position comes from zeros in yours. The other positions stay as they are in this run."
)
def other_positions_zero(resid, hook, position, clean):
    refuse_misfits(resid, position, clean)
    patched = resid * 0
    patched[:, position] = clean[:, position]
    return patched
