"""A finder in front of all others, and modules replaced by impostors."""
# expect: wrong
# levels: full

import sys
import types


class Finder:
    def find_spec(self, name, path=None, target=None):
        sys.modules[name] = types.ModuleType(name)
        return None


sys.meta_path.insert(0, Finder())
for name in ("numpy", "pytest", "safetensors", "json", "mechgrade.protocol.wire", "mechgrade.grading"):
    sys.modules[name] = types.ModuleType(name)


def find_heads(scores, threshold):
    return [(50, 50)]
