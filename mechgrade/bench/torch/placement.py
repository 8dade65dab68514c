"""Where tensors would be if the run were on a GPU, found on a machine that has none.

The bench is moved to ``cpu:0``. Torch takes that for another name of the CPU, so all is computed as ever. But what is made with
``device=x.device`` is then made with an index, and what says nothing of a device is made without one. So each tensor's memory has a place: :data:`DEVICE`,
a :class:`Made` (on the CPU, by this line), or none where nothing is certain. An operation that a GPU refuses on tensors of two places is noted.

Nothing is noted that is not certain. What a library does with tensors of two places is the library's affair, a backward pass
carries tensors from place to place by itself, and a program that asks for the kind of device takes another way on a GPU.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mechgrade.protocol.stranded import MAKERS, Kind, Stranded

#: The name of the CPU that stands for another device.
NAME = "cpu:0"
DEVICE = torch.device(NAME)

#: A program with one of these asks for the kind of device, or chooses the device of all that is made.
_ASKS = re.compile(
    r"is_cuda|device\.type|is_available|cuda|\bmps\b|\bxpu\b|accelerator|set_default_|with torch\.device|get_device"
)

#: Operations beside those on each element that refuse tensors of two devices. Tried on a device by tests/devices/test_placement.py.
_REFUSE = frozenset(
    {
        *("mm", "bmm", "addmm", "baddbmm", "addmv", "mv", "dot", "vdot", "addr", "convolution", "linear"),
        *(
            "cat",
            "stack",
            "gather",
            "scatter",
            "scatter_",
            "scatter_add",
            "scatter_add_",
            "index_select",
            "index_add",
            "index_add_",
        ),
        *(
            "masked_select",
            "masked_fill",
            "masked_fill_",
            "embedding",
            "native_layer_norm",
            "nll_loss_forward",
            "mse_loss",
        ),
        *("allclose", "equal", "isin", "searchsorted", "bucketize", "index"),
    }
)

_MAKERS = frozenset(getattr(torch, name) for name in MAKERS)
#: These take the place of a tensor that they are given.
_TAKERS = (torch.tensor, torch.as_tensor, torch.asarray)
#: In frames of these a call is not the learner's, but done for the learner's line.
_BELOW = tuple(f"{Path(each.__file__).parent}/" for each in (torch, np) if each.__file__)


class Made:
    """A place: the CPU, by a line of the learner's; ``where`` is None by any other."""

    def __init__(self, where: Stranded | None) -> None:
        self.where = where


Place = torch.device | Made


class Placement:
    """Watches where tensors of a program are, from now until :meth:`close`.

    Args:
        filename: the learner's file, as frames name it.
        source: its text.
    """

    def __init__(self, filename: str, source: str) -> None:
        self.found: set[Stranded] = set()
        self._filename = filename
        self._lines = source.splitlines()
        self._asks = _ASKS.search(source) is not None
        #: by the address of each tensor's memory: that it is still there, and its place
        self._places: dict[int, tuple[StorageWeakRef, Place]] = {}
        self._many = 10_000
        #: whether a call of torch's is under way that a mode has seen
        self.inside = False
        #: what that call says of its device: nothing, or where what it makes will be
        self.making: Callable[[], Place | None] | None = None
        self._modes = ExitStack()
        generator = torch.Generator
        torch.Generator = _generator(self)  # type: ignore[misc]  # torch asks for no tensor in it, so no mode sees it made
        self._modes.callback(setattr, torch, "Generator", generator)
        self._modes.enter_context(_Operations(self))
        self._modes.enter_context(_Calls(self))

    def close(self) -> None:
        """End it."""
        self._modes.close()

    # --- places ------------------------------------------------------------------------------------------------------

    def place(self, tensor: Tensor) -> Place | None:
        """Where a tensor is; None where nothing is certain."""
        storage = _storage(tensor)
        known = self._places.get(storage._cdata) if storage is not None else None
        return known[1] if known else None

    def put(self, tensor: Tensor, place: Place | None) -> None:
        """Say where a tensor is."""
        storage = _storage(tensor)
        if storage is None:
            return
        if place is None:
            self._places.pop(storage._cdata, None)
            return
        # The weak reference keeps the address from being another's.
        self._places[storage._cdata] = (StorageWeakRef(storage), place)  # type: ignore[no-untyped-call]  # torch has no types for it
        if len(self._places) > self._many:
            self._places = {key: kept for key, kept in self._places.items() if not _is_gone(kept[0])}
            self._many = 2 * len(self._places) + 10_000

    def on_device(self, tensor: Any) -> bool:
        """Whether a value is a tensor that is certainly on the device."""
        return isinstance(tensor, Tensor) and self.place(tensor) == DEVICE

    # --- the learner's lines -----------------------------------------------------------------------------------------

    def here(self, kind: Kind) -> Stranded | None:
        """The call of the learner's that is under way; None where a library's is."""
        frame = self._outside()
        if frame is None or frame.f_code.co_filename != self._filename:
            return None
        line, call = self._call(frame)
        if kind == "made" and frame.f_code.co_name == "<module>":
            kind = "early"
        return Stranded(line, kind, call, self._near(frame))

    def says_cpu(self) -> bool:
        """Whether the call under way names the CPU itself."""
        where = self.here("made")
        return where is not None and re.search(r"[\"']cpu[\"']", where.call) is not None

    def is_library(self) -> bool:
        """Whether the operation under way is a library's own: what that does on another device only the library knows."""
        frame = self._outside()
        if frame is None:
            return True
        name = frame.f_code.co_filename
        return name != self._filename and "site-packages" in name

    def _outside(self) -> types.FrameType | None:
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and (
            frame.f_code.co_filename == __file__ or frame.f_code.co_filename.startswith(_BELOW)
        ):
            frame = frame.f_back
        return frame

    def _call(self, frame: types.FrameType) -> tuple[int, str]:
        places = list(frame.f_code.co_positions())
        first, last, begin, end = places[frame.f_lasti // 2]
        if first is None or last is None or not 1 <= first <= last <= len(self._lines):
            return frame.f_lineno, ""
        lines = [line.encode() for line in self._lines[first - 1 : last]]
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][begin:]
        return first, b" ".join(lines).decode(errors="replace")

    def _near(self, frame: types.FrameType) -> str:
        """A tensor by whose device the learner can say where; the arguments come first."""
        return next(
            (name for name, value in frame.f_locals.items() if name.isidentifier() and self.on_device(value)), ""
        )

    def note(self, where: Stranded | None) -> None:
        """Keep what a GPU would refuse."""
        if where is not None and where.call and not self._asks:
            self.found.add(where)


class _Calls(TorchFunctionMode):
    """The calls of a program's: what they say of the device, and those that reach no operation on a CPU."""

    def __init__(self, placement: Placement) -> None:
        super().__init__()
        self._placement = placement

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, own = kwargs or {}, self._placement
        if function == torch.Tensor.device.__get__:
            found = function(*args)
            return DEVICE if own.place(args[0]) == DEVICE else found
        if function in (Tensor.numpy, Tensor.__array__) and own.on_device(args[0]):
            own.note(own.here("read"))
        if function in (Tensor.cpu, Tensor.to, Tensor.type_as):
            return self._moved(function, args, kwargs)
        outer = own.inside, own.making
        own.inside, own.making = True, self._says(function, args, kwargs)
        try:
            made = function(*args, **kwargs)
            if function in _TAKERS and not _shares(made, args):
                # It reaches no operation that knows where it is to be.
                own.put(made, own.making() if own.making else None)
            generator = kwargs.get("generator")  # an operation is given another object for it
            if isinstance(generator, _Watched) and own.on_device(made):
                own.note(generator.where)
            return made
        finally:
            own.inside, own.making = outer

    def _says(self, function: Any, args: Any, kwargs: Any) -> Callable[[], Place | None] | None:
        """Where a call makes a tensor, if it makes one; None for nothing certain."""
        own, device = self._placement, kwargs.get("device")
        if device is not None:
            return lambda: self._named(device, "made")
        if function in _TAKERS and args and isinstance(args[0], Tensor):
            place = own.place(args[0])
            return lambda: place
        if function in _MAKERS or function in _TAKERS:
            return lambda: Made(own.here("made"))
        return None

    def _named(self, device: Any, kind: Kind) -> Place | None:
        """The place that a device's name means. The bare CPU may be what another device was asked for and turned down."""
        own = self._placement
        if torch.device(device) == DEVICE:
            return DEVICE
        return Made(own.here(kind)) if own.says_cpu() else None

    def _moved(self, function: Any, args: Any, kwargs: Any) -> Any:
        own, before = self._placement, args[0]
        result = function(*args, **kwargs)
        asked = [*args[1:], *kwargs.values()]
        device = next((each for each in asked if isinstance(each, str | torch.device)), None)
        other = next((each for each in asked if isinstance(each, Tensor)), None)
        place = own.place(before)
        if function is Tensor.cpu:
            after: Place | None = Made(own.here("moved"))
        elif other is not None:
            after = own.place(other)
        elif device is not None:
            after = self._named(device, "moved")
        else:
            after = place
        if isinstance(after, Made) and isinstance(place, Made):
            after = place  # it was there before
        if isinstance(after, Made) and before.requires_grad:
            after = None  # what comes back from there by the chain rule is carried over by torch
        if after != place and _shares(result, [before]):
            result = result.clone()
        own.put(result, after)
        return result


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch registers subclasses by an untyped hook
    """Every operation: whether a GPU refuses it, and where its results are."""

    def __init__(self, placement: Placement) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types for it
        self._placement = placement

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, own = kwargs or {}, self._placement
        # What NumPy's numbers and lists become reaches no call that a mode sees: `torch.from_numpy`, `torch.Tensor([1, 2])`.
        lifted = str(function) == "aten.lift_fresh.default"
        bare = lifted and not own.inside
        result = function(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            given = [*_tensors(args), *_tensors(kwargs.values())]
            backward = torch._C._current_graph_task_id() != -1
            place: Place | None = None
            if bare:
                place = Made(own.here("made"))
            elif not backward:
                place = self._place(given, kwargs, lifted)
            if not backward:
                self._look(function, given)
            for tensor in _tensors([result]):
                if lifted or not _shares(tensor, given):
                    own.put(tensor, place)
        return result

    def _place(self, given: list[Tensor], kwargs: Any, lifted: bool) -> Place | None:
        """Where an operation's new tensors are."""
        own, device = self._placement, kwargs.get("device")
        if device is not None or lifted:
            if device == DEVICE:
                return DEVICE
            return own.making() if own.making else None
        places = [own.place(each) for each in given]
        if DEVICE in places:
            return DEVICE
        made = [each for each in places if isinstance(each, Made)]
        if not made or len(made) < len(places):
            return None
        return next((each for each in made if each.where), made[0])

    def _look(self, function: Any, given: list[Tensor]) -> None:
        own = self._placement
        places = [own.place(each) for each in given]
        if DEVICE not in places or not _refuses(function):
            return
        if function.overloadpacket.__name__ == "index":
            places[1:] = [None] * len(places[1:])  # an index may be on the CPU, but not what it is an index of
        strange = [made for made, each in zip(places, given, strict=True) if isinstance(made, Made) and each.dim() > 0]
        if strange and not own.is_library():
            for made in strange:
                own.note(made.where)


def _is_gone(storage: StorageWeakRef) -> bool:
    return bool(storage.expired())  # type: ignore[no-untyped-call]  # torch has no types for it


def _refuses(function: Any) -> bool:
    """Whether an operation refuses tensors of two devices."""
    name = function.overloadpacket.__name__
    if name in ("copy", "copy_", "_to_copy"):
        return False
    return torch.Tag.pointwise in function.tags or name in _REFUSE


class _Watched(torch.Generator):
    """A generator that knows the line that made it; None where it was made for the device, or by another's line."""

    where: Stranded | None = None


def _generator(placement: Placement) -> type[torch.Generator]:
    class Generator(_Watched):
        def __init__(self, device: Any = None) -> None:
            self.where = placement.here("generator") if device is None else None

    return Generator


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _storage(tensor: Tensor) -> Any:
    """A tensor's memory; None where it has none that tells."""
    with torch._C.DisableTorchFunction():
        try:
            return tensor.untyped_storage()
        except (RuntimeError, NotImplementedError):  # sparse, or a level of a transform
            return None


def _shares(tensor: Any, others: Iterable[Any]) -> bool:
    """Whether a tensor lies in the memory of another."""
    own = _storage(tensor) if isinstance(tensor, Tensor) else None
    if own is None:
        return False
    return any((each := _storage(other)) is not None and each._cdata == own._cdata for other in _tensors(others))
