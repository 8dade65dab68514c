"""A walk from the root, for files with promising names."""
# expect: wrong
# limits: seconds=10

import os


def loot():
    found = []
    for where, folders, names in os.walk("/"):
        folders[:] = [
            name for name in folders if (where, name) not in (("/", "proc"), ("/", "sys"), ("/", "usr"), ("/", "lib"))
        ]
        if "site-packages" in where:
            folders[:] = []
            continue
        for name in names:
            if "canary" in name or name in (".netrc", "id_rsa", "shadow", ".git-credentials", "token"):
                try:
                    with open(f"{where}/{name}", "rb") as file:
                        found.append(f"ESCAPED: {where}/{name} " + file.read(500).decode("latin1"))
                except OSError:
                    pass
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
