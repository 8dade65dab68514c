"""Standard input, output and error closed, and reopened on something else."""
# expect: wrong

import os
import sys

for number in range(3):
    os.close(number)
for _ in range(3):
    os.open("/dev/null", os.O_RDWR)
sys.stdout = sys.stderr = None


def find_heads(scores, threshold):
    return []
