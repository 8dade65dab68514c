"""Whether a model has what exercises and checks need of it: those that it cannot serve are left out, by name, before they are run.

A course says what is needed, in course.yaml and in its graders (``@pytest.mark.needs``). ``trained`` is answered by the model's profile,
every other name by the bench's provider; see :class:`mechgrade.bench.provider.Provider`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mechgrade.bench.providers import provider_for
from mechgrade.course import Exercise
from mechgrade.grading.errors import GraderError
from mechgrade.grading.sessions import Sessions

TRAINED = "trained"


def lacking(sessions: Sessions, exercise: Exercise, needs: Mapping[str, Any]) -> str:
    """Why a model cannot give what is needed, in words, and what the course says can be done; empty where it can.

    Args:
        sessions: with the model.
        exercise: whose needs these are.
        needs: names, each with what more is to be said, or None.

    Raises:
        GraderError: neither the engine nor the bench knows of such a need.
    """
    course, model = sessions.course, sessions.options.model
    reasons, remedies = [], []
    if TRAINED in needs and not course.model(model).trained:
        reasons.append(f"it looks for what training makes, and {model} is not trained")
    rest = {name: more for name, more in needs.items() if name != TRAINED}
    if rest:
        provider = provider_for(course, course.lab(exercise.lab))
        known = getattr(provider, "needs", ())  # a provider that knows of none need not say so
        unknown = [name for name in rest if name not in known]
        if unknown:
            there = ", ".join([TRAINED, *known])
            raise GraderError(
                f"{exercise} needs {' and '.join(unknown)}, of which its bench knows nothing; it knows {there}"
            )
        lacks = provider.lacks(sessions.spec_for(exercise), rest)
        reasons += lacks.values()
        remedies = [course.remedies[name].replace("{model}", model) for name in lacks if name in course.remedies]
    told = "; ".join(reasons)
    return " ".join([f"{told}.", *remedies]) if remedies else told
