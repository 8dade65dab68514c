# WRONG: the test differs from the control in the giver's slot, so with a fixed third name one name gives in the tests too often; promised: 'each name gives in as many tests as controls, and in at least one'
from itertools import islice


def predicted_slots(prompt):
    repeated = [slot for slot, name in enumerate(prompt) if name in islice(prompt, slot)]
    return {"repetition": repeated[-1] if repeated else None, "giver": len(prompt) - 1}


def separating_pairs(names):
    names = list(names)
    if len(names) < 3:
        raise ValueError("three names are needed at least")
    pairs = []
    for i, a in enumerate(names):
        b = names[(i + 1) % len(names)]
        new = next(name for name in names if name not in (a, b))
        pairs.append(((a, b, a), (a, b, new)))
    return pairs


def decide(control, test):
    c, t = control.double().mean().item(), test.double().mean().item()
    if c < 0.5:
        return None, "no effect"
    kept = t / c
    return kept, "giver" if kept >= 0.75 else "repetition" if kept <= 0.25 else "neither"
