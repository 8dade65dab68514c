"""A torch that reports the GPU it is told to, for the doctor's probe: FAKE_TORCH holds its facts as JSON."""

import json
import os

_facts = json.loads(os.environ["FAKE_TORCH"])

__version__ = _facts.get("version", "2.13.0+cu130")


class version:  # noqa: N801  torch's own name
    cuda = _facts.get("build", "13.0")


class cuda:  # noqa: N801
    is_available = staticmethod(lambda: _facts.get("cuda", False))
    get_device_name = staticmethod(lambda index: "NVIDIA GH200 480GB")
    mem_get_info = staticmethod(lambda index: (_facts["free"], _facts["total"]))


class backends:  # noqa: N801
    class mps:  # noqa: N801
        is_available = staticmethod(lambda: _facts.get("mps", False))


class ones:  # noqa: N801
    def __init__(self, rows, columns, device):
        if "broken" in _facts:
            raise RuntimeError(_facts["broken"])
        self.value = float(rows * columns * rows)

    def __matmul__(self, other):
        return self

    def sum(self):
        return self

    def item(self):
        return self.value
