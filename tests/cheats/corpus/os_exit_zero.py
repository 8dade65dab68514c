"""The same without a chance to be caught, at import."""
# expect: crashed

import os

print("5 passed in 0.01s", flush=True)
os._exit(0)
