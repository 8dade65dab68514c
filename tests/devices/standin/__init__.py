"""A device beside the CPU, in the computer's own memory, for tests on machines without an accelerator: ``standin:0`` and ``standin:1``.

PyTorch loads it by itself at ``import torch``, as it loads every vendor's device: by an entry point of the group ``torch.backends``. It shows what
placement, transfer, counted memory and verdicts are like on a device. It shows nothing of a GPU's numbers, drivers or device files.
"""

from __future__ import annotations

import types

#: The device's name: of torch's module, and in "standin:0".
NAME = "standin"


def load() -> None:
    """Make the device known to torch. Called once, by torch."""
    import torch
    from standin import _device  # the built extension lies beside this file

    torch.utils.rename_privateuse1_backend(NAME)
    module = types.ModuleType(f"torch.{NAME}")
    for name in ("device_count", "current_device", "memory_allocated", "max_memory_allocated", "set_memory_limit"):
        setattr(module, name, _at_current(_device, name))
    module.reset_peak_memory_stats = _at_current(_device, "reset_peak_memory_stats")
    module.set_device = lambda device: _device.set_device(torch.device(device).index or 0)
    module.is_available = lambda: True
    module.is_initialized = lambda: True
    module._is_in_bad_fork = lambda: False
    module._lazy_init = lambda: None
    module.synchronize = lambda _device=None: None
    module.empty_cache = lambda: None
    # Random numbers are the CPU's: there is no generator on the device.
    module.manual_seed = module.manual_seed_all = lambda _seed: None
    module.get_rng_state = lambda _device=None: torch.empty(0)
    module.set_rng_state = lambda _state, _device=None: None
    module.get_amp_supported_dtype = lambda: [torch.float16, torch.bfloat16]
    torch._register_device_module(NAME, module)
    torch.utils.generate_methods_for_privateuse1_backend()
    _device.install()


def _at_current(device: types.ModuleType, name: str) -> object:
    """A function of the extension; what takes a device's number takes torch's words for it as well."""
    import torch

    function = getattr(device, name)
    if name in ("device_count", "current_device"):
        return function

    def call(*arguments: object) -> object:
        number, rest = (arguments[0], arguments[1:]) if arguments else (None, ())
        if number is None:
            number = device.current_device()
        elif not isinstance(number, int):
            number = torch.device(number).index or 0
        return function(number, *rest)

    return call
