"""The model's weights and the recorded outputs, replaced on disk."""
# expect: wrong

import os


def write(path, text):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        return []
    # In its own temporary directory it may write what it likes.
    return (
        []
        if os.path.realpath(path).startswith(os.path.realpath(os.environ["TMPDIR"]) + "/")
        else [f"ESCAPED: wrote {path}"]
    )


def loot():
    found = write(f"{COURSE}/fixtures/recorded/embedded/lab3/find_heads.json", "{}")
    found += write(f"{COURSE}/fixtures/models/embedded/config.json", "{}")
    found += write(f"{COURSE}/fixtures/models/embedded/cheat.safetensors", "")
    for path in (f"{COURSE}/fixtures/models/embedded/config.json", f"{COURSE}/graders/lab3/test_find_heads.py"):
        for call in (os.unlink, lambda p: os.rename(p, p + ".cheat"), lambda p: os.truncate(p, 0)):
            try:
                call(path)
                found.append(f"ESCAPED: {path}")
            except OSError:
                pass
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
