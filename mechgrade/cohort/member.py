"""``python -m mechgrade.cohort.member FD``: a process that grades, one learner at a time, for whoever holds the other end.

It has a warm worker and collected checks of its own, runs no learner code itself, and keeps nothing: what it finds it sends. Messages are
those of ``mechgrade.protocol.wire``. It is told ``{"options", "root", "exercises"}`` first, and answers ``{"bases"}`` or ``{"failed"}``. Then come
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
from pathlib import Path
from typing import Any, NoReturn

from mechgrade.cohort.keys import bases
from mechgrade.cohort.messages import GradedExercise, ReferenceRun
from mechgrade.course import CourseError, Exercise, load_course
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import options_of
from mechgrade.grading.recordings import Run
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol import wire
from mechgrade.submissions.submission import Submission, SubmissionError, Texts

Say = Callable[[dict[str, Any]], None]


class Service:
    """Grades what comes.

    Args:
        grading: with the worker and what the references gave.
        checks: of the exercises.
        exercises: those that may come.
    """

    def __init__(self, grading: Grading, checks: Checks, exercises: list[Exercise]) -> None:
        self.grading = grading
        self.checks = checks
        self.exercises = exercises

    def grade(self, texts: Texts, say: Say) -> None:
        """Grade a learner's exercises and say what comes out."""
        references = self.grading.references
        chosen = [exercise for exercise in self.exercises if (exercise.lab, exercise.name) in texts]
        known = {each: set(references.live_runs(each.lab, each.name)) for each in chosen}
        told: list[ExerciseResult] = []

        def on_result(found: ExerciseResult) -> None:
            # Before the result: who has that can take it that what the reference gave is kept too.
            exercise = self.grading.course.exercise(found.exercise, found.lab)
            for (program, key), run in references.live_runs(found.lab, found.exercise).items():
                if (program, key) not in known[exercise]:
                    say(ReferenceRun(found.lab, found.exercise, program, key, run).message())
            # Only what cannot change any more is told at once; what pytest could not collect is added at the end.
            if sum(check.max_points for check in found.checks) == found.max_points:
                told.append(found)
                say(GradedExercise.of(found).message())

        grader = self.grading.grader(Submission.from_texts(texts), on_result)
        for found in self.grading.run(self.checks, grader, chosen).exercises:
            if found not in told:
                say(GradedExercise.of(found).message())
        say({"done": True})


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
        options = options_of(first["options"])
        exercises = [course.exercise(name, lab) for lab, name in first["exercises"]]
        worker = Worker(course.limits_of(options.model).start_seconds)
        grading = Grading(course, options, worker)
        keys = list(bases(course, exercises, options).values())
        with_checks(
            course,
            exercises,
            lambda checks: _answer(inbox, say, keys, Service(grading, checks, exercises)),
            hidden=options.hidden,
        )
    except CourseError as error:
        say({"failed": str(error)})


def _answer(inbox: queue.SimpleQueue[Any], say: Say, keys: list[str], service: Service) -> NoReturn:
    """Answer messages for ever: the process ends when the other end closes."""
    say({"bases": keys})
    texts: Texts = {}
    while True:
        message = inbox.get()
        if "live" in message:
            lab, name, program, key, reference, noise = message["live"]
            service.grading.references.add(lab, name, program, key, Run(reference, noise))
        elif "text" in message:
            lab, name, body, problem = message["text"]
            texts[lab, name] = SubmissionError(problem) if body is None else body.values.tobytes().decode()
        else:
            service.grade(texts, say)
            texts = {}


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
