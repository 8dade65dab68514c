"""What ``nbgrader generate_assignment`` does with solutions here: a stub in their place, the same as in exercises/."""

from __future__ import annotations

from typing import Any

from nbgrader import utils
from nbgrader.preprocessors import ClearSolutions

from mechgrade.course.source import BEGIN, BuildError, without_solutions
from mechgrade.doors.nbgrader.written import is_answer, without_scheme


class Stubs(ClearSolutions):  # type: ignore[misc]  # nbgrader is untyped
    """Replaces each solution by the very text that a stub file has there, so that a learner may carry work between both.

    A cell without markers stays as it is. nbgrader's own class would empty a solution cell that has none.
    """

    def preprocess_cell(self, cell: Any, resources: dict[str, Any], cell_index: int) -> tuple[Any, dict[str, Any]]:
        """Strip one cell."""
        if is_answer(cell):  # learners get its first line alone: where to write
            cell.source = without_scheme(cell.source)
            return cell, resources
        if cell.cell_type != "code" or BEGIN not in cell.source:
            if not utils.is_solution(cell) or cell.cell_type == "code":
                return cell, resources
            return super().preprocess_cell(cell, resources, cell_index)  # type: ignore[no-any-return]  # nbgrader is untyped
        if not utils.is_solution(cell):
            raise RuntimeError(f"a solution in a cell that is not marked as one:\n{cell.source}")
        try:
            cell.source = without_solutions(cell.source, cell.metadata["nbgrader"]["grade_id"])
        except BuildError as error:
            raise RuntimeError(str(error)) from None
        return cell, resources
