"""Texts are parsed one at a time, whatever threads and forks there are."""

from __future__ import annotations

import ast
import gc
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mechgrade.course.syntax import parsing_alone, statements_in, tree_of

TEXT = "def f(x):\n    return [x, (x, {x: x + x})]\n" * 60


class Yields:
    """A ring: it goes when garbage is collected, in the middle of what made the collector run, and lets other threads run then."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0.0001)


@pytest.fixture
def often_collected() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(20, 1000, 1000)
    yield
    gc.set_threshold(*before)


def in_threads(parse: Callable[[str], object]) -> list[str]:
    """What went wrong where four threads parsed at once."""

    def run(_: int) -> str | None:
        Yields()
        try:
            parse(TEXT)
        except SystemError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(4) as pool:
        return [each for each in pool.map(run, range(200)) if each]


def test_threads_parse(often_collected: None) -> None:
    assert in_threads(tree_of) == []


@pytest.mark.skipif(sys.version_info >= (3, 11, 8), reason="Python 3.11.8 has mended it")
def test_without_taking_turns_threads_fail(often_collected: None) -> None:
    """What the module is for: once no supported Python fails here, it may go."""
    assert in_threads(ast.parse) != []


def test_a_child_parses_whatever_other_threads_do() -> None:
    ended = threading.Event()

    def parse() -> None:
        while not ended.is_set():
            tree_of(TEXT)

    thread = threading.Thread(target=parse)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                signal.alarm(20)  # not to wait for ever
                tree_of("1")
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        ended.set()
        thread.join()


def test_who_keeps_others_out_parses_itself() -> None:
    with parsing_alone():
        assert isinstance(tree_of("x = 1").body[0], ast.Assign)


def test_warnings_of_a_text_are_not_said() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree_of(r"x = '\d'")
        with pytest.raises(SyntaxError):
            ast.parse(r"x = '\d'")


NESTED = """
@decorated(lambda: [1 for _ in "ab" if _])
class A(B):
    async def f(self):
        for each in await self.g():
            while each:
                with each as one, two:
                    break
            else:
                pass
        match each:
            case [1, *_] if each:
                return lambda: 1
            case {"a": 1}:
                raise each
        try:
            if a: b
            elif c: d
            else: import e
        except* A as error:
            def inner(): yield
        else:
            x: int = 1
        finally:
            del x
"""


def test_no_statement_is_left_out() -> None:
    tree = tree_of(NESTED)
    found = list(statements_in(tree))
    assert len(found) == len(set(found)) >= 20
    assert set(found) == {each for each in ast.walk(tree) if isinstance(each, ast.stmt)}
