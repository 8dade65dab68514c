"""What a scenario may return, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mechgrade.protocol.wire import Array
from mechgrade.worker.outgoing import UnsendableError, to_tree

IMAGINARY = "return its real and its imaginary part"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"z": 1j}, rf"^the result\['z'\] is a complex number; {IMAGINARY}"),
        (np.complex64(1j), IMAGINARY),
        (np.fft.fft(np.ones(3)), f"^the result is an array of complex128; {IMAGINARY}"),
        (np.array(["a"]), "return real numbers, integers or booleans"),
        ([{1, 2}], r"^the result\[0\] is of type set; return (tensors, )?arrays, real numbers, strings, None, or "),
        (2**63, "beyond 64 bits"),
    ],
)
def test_what_cannot_be_sent_is_told_with_what_to_return(value: Any, said: str) -> None:
    with pytest.raises(UnsendableError, match=said):
        to_tree(value, "cpu")


def test_a_tuple_with_names_is_sent_as_a_tuple() -> None:
    q, r = to_tree(np.linalg.qr(np.eye(2)), "cpu")
    assert q.values.shape == r.values.shape == (2, 2)


@pytest.mark.parametrize("kind", ["to_sparse", "to_sparse_csr", "to_sparse_csc", "to_mkldnn"])
def test_a_tensor_of_any_layout_is_sent_as_its_numbers(kind: str) -> None:
    torch = pytest.importorskip("torch")
    sent = to_tree(getattr(2 * torch.eye(3), kind)(), "cpu")
    assert isinstance(sent, Array) and (sent.values == 2 * np.eye(3)).all()
