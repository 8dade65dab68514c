"""Right and wrong ways to separate two hypotheses about a head."""

import itertools

from mechgrade.authoring.variants import accepted, misconception


def refuse(names):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if len(names) < 3:
        raise ValueError("three names are needed")


def turns(names):
    """Each name with the two that follow it, in a circle."""
    return [tuple(names[(place + step) % len(names)] for step in range(3)) for place in range(len(names))]


def repeated(prompt):
    """The slots whose name stands in an earlier slot."""
    return [slot for slot, name in enumerate(prompt) if name in prompt[:slot]]


def judged(kept):
    """The verdict for a share."""
    return "giver" if kept >= 0.75 else "repetition" if kept <= 0.25 else "neither"


@accepted(replaces="separating_pairs")
def another_giver(names):
    """The giver changes, and the names take turns, so that the givers are balanced over all pairs."""
    refuse(names)
    return [((a, b, a), (a, b, c)) for a, b, c in turns(names)]


@accepted(replaces="separating_pairs")
def repetition_elsewhere(names):
    """The repetition moves to slot 1: the two hypotheses name two different slots."""
    refuse(names)
    return [((a, b, a), (b, b, a)) for a, b, _ in turns(names)]


@accepted(replaces="separating_pairs")
def every_triple(names):
    """Every ordered choice of three names, with the first mention in either slot."""
    refuse(names)
    chosen = list(itertools.permutations(names, 3))
    return [((b, a, a), (b, c, a)) for a, b, c in chosen] + [((a, b, a), (c, b, a)) for a, b, c in chosen]


@accepted(replaces="predicted_slots")
def from_the_end(prompt):
    """The slots backwards, until one holds a name of an earlier slot."""
    last = len(prompt) - 1
    found = next((slot for slot in range(last, 0, -1) if prompt.index(prompt[slot]) < slot), None)
    return {"repetition": found, "giver": last}


@accepted(replaces="decide")
def by_sums(control, test):
    """Sums in float64 in place of means."""
    looks, kept = control.double().sum(), test.double().sum()
    if looks < 0.5 * len(control):
        return None, "no effect"
    share = float(kept / looks)
    return share, judged(share)


@misconception(
    "For *repetition* you give the slot where the repeated name stands first. The hypothesis is about a name that stands "
    "there for the *second* time.",
    replaces="predicted_slots",
)
def first_mention(prompt):
    again = repeated(prompt)
    return {"repetition": prompt.index(prompt[again[-1]]) if again else None, "giver": len(prompt) - 1}


@misconception(
    "For *repetition* you look only at the giver: was this name named before? A name can also come twice among the other "
    "slots, and then the hypothesis names that slot.",
    replaces="predicted_slots",
)
def giver_alone(prompt):
    last = len(prompt) - 1
    return {"repetition": last if prompt[-1] in prompt[:-1] else None, "giver": last}


@misconception(
    "Where several slots hold a name that came before, you take the first of them. The text asks for the last one.",
    replaces="predicted_slots",
)
def first_repetition(prompt):
    again = repeated(prompt)
    return {"repetition": again[0] if again else None, "giver": len(prompt) - 1}


@misconception(
    "Where no name comes twice, you give -1 for *repetition*. In Python, -1 is the last slot, so this would be the giver. "
    "The hypothesis names no slot there: `None`.",
    replaces="predicted_slots",
)
def minus_one(prompt):
    again = repeated(prompt)
    return {"repetition": again[-1] if again else -1, "giver": len(prompt) - 1}


@misconception(
    "For *giver* you give a slot only where the giver was named before. This hypothesis says that it does not matter who "
    "gives: it always names the last slot.",
    replaces="predicted_slots",
)
def giver_named_before(prompt):
    again = repeated(prompt)
    last = len(prompt) - 1
    return {"repetition": again[-1] if again else None, "giver": last if prompt[-1] in prompt[:-1] else None}


@misconception("Your slots are counted from 1. The first slot is slot 0.", replaces="predicted_slots")
def counted_from_one(prompt):
    again = repeated(prompt)
    return {"repetition": again[-1] + 1 if again else None, "giver": len(prompt)}


@misconception(
    "For *giver* you always give slot 2. The giver stands in the last slot, and a prompt can have more or fewer than three.",
    replaces="predicted_slots",
)
def always_slot_two(prompt):
    again = repeated(prompt)
    return {"repetition": again[-1] if again else None, "giver": 2}


@misconception(
    "Your predictions are exchanged: what you call *repetition* is the slot of *giver*, and the other way round.",
    replaces="predicted_slots",
)
def predictions_exchanged(prompt):
    again = repeated(prompt)
    return {"giver": again[-1] if again else None, "repetition": len(prompt) - 1}


@misconception(
    "In a test of yours the giver was named before, as in the control. So both hypotheses name the giver's slot there, and "
    "such a test cannot decide.",
    replaces="separating_pairs",
)
def nothing_separated(names):
    refuse(names)
    return [((a, b, a), (a, c, a)) for a, b, c in turns(names)]


@misconception(
    "Your controls and tests are exchanged. In the control, the first of a pair, both hypotheses name the giver's slot.",
    replaces="separating_pairs",
)
def exchanged(names):
    refuse(names)
    return [((c, b, a), (a, b, a)) for a, b, c in turns(names)]


@misconception(
    "In a control of yours the giver was not named before, so *repetition* does not name the giver's slot there. Then you "
    "cannot tell what the head does when both hypotheses agree.",
    replaces="separating_pairs",
)
def no_control(names):
    refuse(names)
    return [((b, c, a), (b, b, a)) for a, b, c in turns(names)]


@misconception(
    "Control and test of a pair differ in two slots or more. If the attention changes, you do not know which change did it. "
    "Change one slot.",
    replaces="separating_pairs",
)
def two_changes(names):
    refuse(names)
    return [((a, b, a), (b, c, a)) for a, b, c in turns(names)]


@misconception(
    "Your givers are not balanced: some names give more often in the tests than in the controls. A head that likes certain "
    "names would then look as if it followed *repetition*, or would hide that it follows it.",
    replaces="separating_pairs",
)
def unbalanced(names):
    refuse(names)
    pairs = [((a, b, a), (a, b, c)) for a, b, c in turns(names)]
    return [*pairs, pairs[0], pairs[0]]


@misconception(
    "You take three names in a row and stop where the list ends. So the first names give in controls only, and the last ones "
    "in tests only. Begin again at the first name: then each name gives in as many tests as controls.",
    replaces="separating_pairs",
)
def names_do_not_go_round(names):
    refuse(names)
    return [((a, b, a), (a, b, c)) for a, b, c in zip(names, names[1:], names[2:], strict=False)]


@misconception(
    "Some of the names give in no test. Each name has to give in at least one: otherwise the result may be due to the names "
    "that you chose.",
    replaces="separating_pairs",
)
def one_pair(names):
    refuse(names)
    a, b, c = names[:3]
    return [((a, b, a), (c, b, a))]


@misconception(
    "Your prompts hold names that were not given. Use the names of the argument.", replaces="separating_pairs"
)
def names_of_its_own(names):
    refuse(names)
    return [((a, "Zoe", a), (b, "Zoe", a)) for a, b, _ in turns(names)]


@misconception(
    "With fewer than three names you return pairs, or none at all. The docstring's section *Raises* asks for a `ValueError` "
    "there.",
    replaces="separating_pairs",
)
def nothing_refused(names):
    return [((a, b, a), (c, b, a)) for a, b, c in turns(names)]


@misconception(
    "You divide pair by pair, and take the mean of the shares. The share is the mean over the tests divided by the mean over "
    "the controls: a pair with little attention in the control would count too much.",
    replaces="decide",
)
def mean_of_shares(control, test):
    if control.mean() < 0.5:
        return None, "no effect"
    kept = (test / control).mean().item()
    return kept, judged(kept)


@misconception(
    "Your number is what is *lost*, control minus test. The share kept is the mean over the tests divided by the mean over "
    "the controls.",
    replaces="decide",
)
def what_is_lost(control, test):
    if control.mean() < 0.5:
        return None, "no effect"
    kept = (control.mean() - test.mean()).item()
    return kept, judged(kept)


@misconception("You divide the controls by the tests. The share kept is tests divided by controls.", replaces="decide")
def upside_down(control, test):
    if control.mean() < 0.5:
        return None, "no effect"
    kept = (control.mean() / test.mean()).item()
    return kept, judged(kept)


@misconception(
    "Your number is right, but at the bounds 0.75 and 0.25 themselves you say `neither`. A share of *at least* 0.75 is "
    "`giver`, and a share of *at most* 0.25 is `repetition`.",
    replaces="decide",
)
def strictly_beyond(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, "giver" if kept > 0.75 else "repetition" if kept < 0.25 else "neither"


def by_bounds(control, test, is_giver, is_repetition):
    """The decision, with bounds of another kind."""
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, "giver" if is_giver(kept) else "repetition" if is_repetition(kept) else "neither"


@misconception(
    "A share between 0.25 and 0.75 that misses one of the two by a little gets a verdict in yours, as if it met the bound. Compare with "
    "0.75 and 0.25 themselves, without a tolerance.",
    replaces="decide",
)
def nearly_at_a_bound(control, test):
    return by_bounds(control, test, lambda kept: kept >= 0.75 - 1e-4, lambda kept: kept <= 0.25 + 1e-4)


@misconception(
    "A share that falls short of 0.75 by a little is `giver` in yours. Compare with 0.75 itself, without a tolerance.",
    replaces="decide",
)
def nearly_three_quarters(control, test):
    return by_bounds(control, test, lambda kept: kept >= 0.75 - 1e-4, lambda kept: kept <= 0.25)


@misconception(
    "A share that exceeds 0.25 by a little is `repetition` in yours. Compare with 0.25 itself, without a tolerance.",
    replaces="decide",
)
def nearly_a_quarter(control, test):
    return by_bounds(control, test, lambda kept: kept >= 0.75, lambda kept: kept <= 0.25 + 1e-4)


@misconception(
    "Your number is right, but with a share of exactly 0.75 you say `neither`. A share of *at least* 0.75 is `giver`.",
    replaces="decide",
)
def above_three_quarters(control, test):
    return by_bounds(control, test, lambda kept: kept > 0.75, lambda kept: kept <= 0.25)


@misconception(
    "Your number is right, but with a share of exactly 0.25 you say `neither`. A share of *at most* 0.25 is `repetition`.",
    replaces="decide",
)
def below_a_quarter(control, test):
    return by_bounds(control, test, lambda kept: kept >= 0.75, lambda kept: kept < 0.25)


@misconception(
    "A mean over the controls that falls short of 0.5 by a little is enough for you. Compare with 0.5 itself, without a tolerance.",
    replaces="decide",
)
def nearly_half_is_enough(control, test):
    looks = control.mean().item()
    if looks < 0.5 - 1e-4:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, judged(kept)


@misconception(
    "You decide also where the head hardly looks at the giver in the controls. There is nothing to explain then: below 0.5 "
    "the share is `None` and the verdict `no effect`.",
    replaces="decide",
)
def no_control_asked(control, test):
    looks = control.mean().item()
    kept = test.mean().item() / looks if looks else 0.0
    return kept, judged(kept)


@misconception(
    "With the controls at exactly 0.5 you say `no effect`. This verdict is for a mean *below* 0.5.", replaces="decide"
)
def half_is_too_little(control, test):
    looks = control.mean().item()
    if looks <= 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, judged(kept)


@misconception(
    "You ask of every single control that it reaches 0.5. The bound is for the mean over the controls.",
    replaces="decide",
)
def every_control_asked(control, test):
    if control.min() < 0.5:
        return None, "no effect"
    kept = test.mean().item() / control.mean().item()
    return kept, judged(kept)


@misconception(
    "Where the verdict is `no effect` you give a share all the same. It is `None` there, because a share of next to nothing "
    "means nothing.",
    replaces="decide",
)
def share_of_nothing(control, test):
    looks = control.mean().item()
    kept = test.mean().item() / looks if looks else 0.0
    return kept, "no effect" if looks < 0.5 else judged(kept)


@misconception(
    "You always choose one of the two hypotheses, with a bound in the middle. Between 0.25 and 0.75 both are wrong about this "
    "head: `neither`.",
    replaces="decide",
)
def one_must_be_right(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, "giver" if kept >= 0.5 else "repetition"


@misconception(
    "Your verdicts are exchanged: a head that keeps its attention does not need the repetition, so the verdict is `giver`.",
    replaces="decide",
)
def verdicts_exchanged(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return kept, "repetition" if kept >= 0.75 else "giver" if kept <= 0.25 else "neither"


@misconception("The share is a tensor. The docstring asks for a Python float: `.item()` gives it.", replaces="decide")
def tensor_for_share(control, test):
    if control.mean() < 0.5:
        return None, "no effect"
    kept = test.mean() / control.mean()
    return kept, judged(kept)


@misconception(
    "You cut the share off at 1. A head may look at a new giver even more; give the share as it is.", replaces="decide"
)
def cut_off(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = min(test.mean().item() / looks, 1.0)
    return kept, judged(kept)


@misconception(
    "For *repetition* and *giver* you give the names. The docstring asks for the slots, counted from 0.",
    replaces="predicted_slots",
)
def names_for_slots(prompt):
    again = repeated(prompt)
    return {"repetition": prompt[again[-1]] if again else None, "giver": prompt[-1]}


@misconception(
    "Where no name comes twice, your dict lacks *repetition*. Its value is `None` there.", replaces="predicted_slots"
)
def repetition_missing(prompt):
    again = repeated(prompt)
    return {"giver": len(prompt) - 1} | ({"repetition": again[-1]} if again else {})


@misconception(
    "You return the two slots in a tuple. A dict is asked for, with the keys `repetition` and `giver`.",
    replaces="predicted_slots",
)
def slots_in_a_tuple(prompt):
    again = repeated(prompt)
    return again[-1] if again else None, len(prompt) - 1


@misconception(
    "For *repetition* you look only at the slot right before: was the same name there? The name may stand in *any* earlier "
    "slot.",
    replaces="predicted_slots",
)
def neighbours_alone(prompt):
    again = [slot for slot in range(1, len(prompt)) if prompt[slot] == prompt[slot - 1]]
    return {"repetition": again[-1] if again else None, "giver": len(prompt) - 1}


@misconception(
    "For *repetition* you give the giver's slot as soon as any name comes twice. The hypothesis names the last slot whose "
    "name stands in an earlier slot.",
    replaces="predicted_slots",
)
def any_repetition_is_the_giver(prompt):
    last = len(prompt) - 1
    return {"repetition": last if repeated(prompt) else None, "giver": last}


@misconception(
    "In your tests a new name gives, and it is always the first of the list that is free: some names give in many tests, and "
    "others in none. Let the names take turns, or leave the giver alone and change the earlier mention.",
    replaces="separating_pairs",
)
def first_free_name_gives(names):
    refuse(names)
    return [((a, b, a), (a, b, next(name for name in names if name not in (a, b)))) for a, b, _ in turns(names)]


@misconception(
    "One and the same name gives in all of your tests. Each name gives in as many tests as controls: let the names take turns, "
    "or leave the giver alone and change the earlier mention.",
    replaces="separating_pairs",
)
def last_name_gives(names):
    refuse(names)
    *others, last = names
    return [((a, b, a), (a, b, last)) for a, b in zip(others, others[1:] + others[:1], strict=True)]


@misconception(
    "One and the same name gives in all of your controls and tests. Each of the names has to give in a test.",
    replaces="separating_pairs",
)
def one_giver(names):
    refuse(names)
    a, *others = names
    return [((a, b, a), (c, b, a)) for b, c in zip(others, others[1:] + others[:1], strict=True)]


@misconception(
    "Two names are enough for you. The docstring asks for a `ValueError` where there are fewer than three.",
    replaces="separating_pairs",
)
def two_names_allowed(names):
    if len(names) < 2:
        raise ValueError("two names are needed")
    return [((a, b, a), (c, b, a)) for a, b, c in turns(names)]


@misconception(
    "Too few names end in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and `raise`.",
    replaces="separating_pairs",
)
def asserted(names):
    assert len(names) >= 3
    return [((a, b, a), (c, b, a)) for a, b, c in turns(names)]


@misconception(
    "Too few names end in an `IndexError`. The docstring asks for a `ValueError`: count the names first.",
    replaces="separating_pairs",
)
def index_error(names):
    names[2]
    return [((a, b, a), (c, b, a)) for a, b, c in turns(names)]


@misconception(
    "Your verdict is about the tests alone: you hold their mean against 0.75 and 0.25. The bounds are for the share that is "
    "*kept*.",
    replaces="decide",
)
def verdict_by_the_tests(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    found = test.mean().item()
    return found / looks, judged(found)


@misconception(
    "You say `no effect` where the head hardly looks at the giver in the *tests*. This verdict is about the controls.",
    replaces="decide",
)
def tests_asked_for_an_effect(control, test):
    looks, found = control.mean().item(), test.mean().item()
    if found < 0.5:
        return None, "no effect"
    kept = found / looks if looks else 0.0
    return kept, judged(kept)


@misconception("The verdict comes first in yours. The share comes first: `(share, verdict)`.", replaces="decide")
def verdict_first(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return "no effect", None
    kept = test.mean().item() / looks
    return judged(kept), kept


@misconception("With `no effect` your share is 0. It is `None` there: nothing was measured.", replaces="decide")
def zero_for_no_effect(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return 0.0, "no effect"
    kept = test.mean().item() / looks
    return kept, judged(kept)


@misconception(
    "You take medians. The share is the *mean* over the tests divided by the mean over the controls.", replaces="decide"
)
def medians(control, test):
    looks = control.median().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.median().item() / looks
    return kept, judged(kept)


@misconception("Your share is in per cent. Give it as a number of which 1 is all.", replaces="decide")
def percent(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = test.mean().item() / looks
    return 100 * kept, judged(kept)


@misconception("You round the share. Give it as it is, and decide by it as it is.", replaces="decide")
def rounded(control, test):
    looks = control.mean().item()
    if looks < 0.5:
        return None, "no effect"
    kept = round(test.mean().item() / looks, 2)
    return kept, judged(kept)


@misconception(
    "Your givers are balanced, but some of the names give in no test. Each name has to give in at least one: let your pairs go round all "
    "the names, from the last one on to the first.",
    replaces="separating_pairs",
)
def last_names_never_give(names):
    refuse(names)
    return [((a, b, a), (c, b, a)) for a, b, c in zip(names, names[1:], names[2:], strict=False)]
