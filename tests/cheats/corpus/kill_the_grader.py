"""The parent, and whoever else can be found, gets SIGKILL."""
# expect: wrong
# lasts: perhaps

import os
import signal


def find_heads(scores, threshold):
    found = []
    for pid in {os.getppid(), VICTIM} - {0, 1}:
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, 0):
            try:
                os.kill(pid, number)
                found.append(f"ESCAPED: signalled {pid}")
            except OSError:
                pass
        try:
            signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)
            found.append(f"ESCAPED: signalled {pid} by pidfd")
        except OSError:
            pass
    return found


VICTIM = 0  # set by the test
