"""The process's memory, byte by byte: a fork holds what its parent held."""
# expect: wrong

import re


def loot():
    found = []
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                first, last = (int(part, 16) for part in line.split()[0].split("-"))
                if "rw" not in line or last - first > 2**28:
                    continue
                try:
                    memory.seek(first)
                    body = memory.read(last - first)
                except (OSError, ValueError, OverflowError):
                    continue
                found += [match.group().decode("latin1") for match in re.finditer(rb"canary-[0-9a-z-]{20,}", body)]
    except OSError as error:
        found.append(str(error))
    return found[:1000]


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
