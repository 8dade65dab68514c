"""Everything that is alive in this process: what a warm worker kept of others would be here."""
# expect: wrong

import gc


def loot():
    found = []
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            found += [value for value in list(thing.values()) if isinstance(value, str) and "canary" in value]
        elif isinstance(thing, list | tuple):
            found += [value for value in thing if isinstance(value, str) and "canary" in value]
    return [text[:200] for text in found[:1000]]


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
