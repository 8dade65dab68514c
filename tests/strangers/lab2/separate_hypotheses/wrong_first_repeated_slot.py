# WRONG: stops at the first slot whose name came before; promised: 'the last slot whose name stands in an earlier slot'
from itertools import islice


def predicted_slots(prompt):
    repeated = [slot for slot, name in enumerate(prompt) if name in islice(prompt, slot)]
    return {"repetition": repeated[0] if repeated else None, "giver": len(prompt) - 1}


def separating_pairs(names):
    names = list(names)
    if len(names) < 3:
        raise ValueError("three names are needed at least")
    circle = names[1:] + names[:1], names[2:] + names[:2]
    return [((giver, second, giver), (third, second, giver)) for giver, second, third in zip(names, *circle)]


def decide(control, test):
    c, t = control.double().mean().item(), test.double().mean().item()
    if c < 0.5:
        return None, "no effect"
    kept = t / c
    return kept, "giver" if kept >= 0.75 else "repetition" if kept <= 0.25 else "neither"
