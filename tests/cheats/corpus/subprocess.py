"""A program of the machine's, started in the background."""
# expect: raised

import subprocess


def find_heads(scores, threshold):
    subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    return []
