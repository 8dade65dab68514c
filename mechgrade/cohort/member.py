"""``python -m mechgrade.cohort.member FD``: a process that grades, one learner at a time, for whoever holds the other end.

It has a warm worker and collected checks of its own, runs no learner code itself, and keeps nothing: what it finds it sends. Messages are
those of ``mechgrade.protocol.wire``. It is told ``{"order", "root", "exercises"}`` first, and answers ``{"bases"}`` or ``{"failed"}``. Then come
``{"live"}`` (what the reference gave when others ran it), ``{"text"}`` (a learner's file) and ``{"grade"}``, which is answered by
``{"live"}`` for what it ran itself, ``{"entry"}`` as soon as an exercise is done, and ``{"done"}``.

When the other end closes it ends at once, and with it the worker and learners' code, which hang on connections of their own.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mechgrade.cohort import entry
from mechgrade.cohort.keys import Order, bases
from mechgrade.course import Course, CourseError, Exercise, load_course
from mechgrade.grading.checks import Checks
from mechgrade.grading.grader import Grader, Settings
from mechgrade.grading.recordings import Run
from mechgrade.grading.shared import Shared
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol import wire
from mechgrade.protocol.wire import Array, Tree
from mechgrade.submissions.submission import Submission, SubmissionError

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Texts(Submission):
    """A submission that came as text: the grading machine need not see the learner's folder."""

    texts: dict[tuple[str, str], tuple[str | None, str]] = field(default_factory=dict)

    def file(self, exercise: Exercise) -> Path:
        return Path(exercise.lab, f"{exercise.name}.py")

    def source(self, exercise: Exercise) -> str:
        text, problem = self.texts[exercise.lab, exercise.name]
        if text is None:
            raise SubmissionError(problem)
        return text


class Service:
    """Grades what comes."""

    def __init__(self, course: Course, exercises: list[Exercise], order: Order) -> None:
        self.course = course
        self.exercises = exercises
        self.order = order
        self.shared = Shared()
        self.worker = Worker(course.limits.start_seconds)
        self.checks = Checks(course, exercises, self._grader(Texts(Path()), lambda _entry: None))

    def _grader(self, submission: Submission, on_result: Callable[[ExerciseResult], None]) -> Grader:
        order = self.order
        settings = Settings(
            submission, order.model, order.backend, order.device, order.isolation, order.threads, order.hidden
        )
        return Grader(self.course, settings, self.worker, on_result, self.shared)

    def know(self, lab: str, name: str, call: str, reference: Tree, noise: dict[str, float]) -> None:
        """Take what the reference gave elsewhere."""
        self.shared.references.setdefault((lab, name), {})[call] = Run(reference, noise)

    def grade(self, texts: dict[tuple[str, str], tuple[str | None, str]], say: Say) -> None:
        """Grade a learner's exercises and say what comes out."""
        chosen = [exercise for exercise in self.exercises if (exercise.lab, exercise.name) in texts]
        known = {where: set(runs) for where, runs in self.shared.references.items()}
        told: list[ExerciseResult] = []

        def on_result(found: ExerciseResult) -> None:
            # Before the result: who has that can take it that what the reference gave is kept too.
            where = (found.lab, found.exercise)
            for call, run in self.shared.references.get(where, {}).items():
                if call not in known.get(where, ()):
                    say({"live": [*where, call, run.reference, dict(run.noise)]})
            # Only what cannot change any more is told at once; what pytest could not collect is added at the end.
            if sum(check.max_points for check in found.checks) == found.max_points:
                told.append(found)
                say(_message(found))

        result = self.checks.run(self._grader(Texts(Path(), None, texts), on_result), chosen)
        for found in result.exercises:
            if found not in told:
                say(_message(found))
        say({"done": True})


def _message(found: ExerciseResult) -> dict[str, Any]:
    learner = sum(check.learner_seconds for check in found.checks)
    return {"entry": entry.as_tree(found), "seconds": found.seconds, "learner_seconds": learner}


def text_message(lab: str, name: str, text: str | None, problem: str) -> dict[str, Any]:
    """The message with a learner's file. As bytes: the wire bounds what is sent as text more tightly."""
    body = None if text is None else Array(np.frombuffer(text.encode(), np.uint8), "uint8")
    return {"text": [lab, name, body, problem]}


def serve(connection: socket.socket) -> None:
    """Serve until the other end closes."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while True:
                inbox.put(wire.receive(connection))
        except (EOFError, OSError, wire.WireError):
            # Whoever wanted the results is gone. Nothing here needs tidying up that the kernel does not tidy up.
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        wire.send(connection, message)

    first = inbox.get()
    try:
        course = load_course(Path(first["root"]))
        order = Order(**first["order"])
        exercises = [course.exercise(name, lab) for lab, name in first["exercises"]]
        service = Service(course, exercises, order)
        say({"bases": list(bases(course, exercises, order).values())})
    except CourseError as error:
        say({"failed": str(error)})
        return
    texts: dict[tuple[str, str], tuple[str | None, str]] = {}
    while True:
        message = inbox.get()
        if "live" in message:
            service.know(*message["live"])
        elif "text" in message:
            lab, name, body, problem = message["text"]
            texts[lab, name] = (body.values.tobytes().decode() if body is not None else None, problem)
        else:
            service.grade(texts, say)
            texts = {}


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
