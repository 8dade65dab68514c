"""A result as JUnit XML, which most CI services show: a suite an exercise, a case a check."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

#: What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_FAULTS = ("grader_error", "infrastructure_error")


def junit(tree: dict[str, Any]) -> str:
    """The XML of a result's tree, as ``mechgrade grade --json`` writes it, or a cohort's ``learners/NAME.json``.

    A failed check is a failure, a fault of machine or grader an error, and what was not started, or was left out, is skipped.
    """
    root = ElementTree.Element("testsuites", name="mechgrade")
    for entry in tree["exercises"]:
        checks = entry["checks"]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=f"{entry['lab']}/{entry['exercise']}",
            tests=str(len(checks)),
            failures=str(sum(_kind(check) == "failure" for check in checks)),
            errors=str(sum(_kind(check) == "error" for check in checks)),
            skipped=str(sum(_kind(check) == "skipped" for check in checks)),
            time=str(entry.get("seconds", 0)),  # a cohort's results have no times
        )
        for check in checks:
            name = {"classname": f"{entry['lab']}.{entry['exercise']}", "name": check["name"]}
            case = ElementTree.SubElement(suite, "testcase", name)
            kind = _kind(check)
            if kind:
                text = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", check["message"])
                ElementTree.SubElement(case, kind, message=text, type=check["verdict"])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _kind(check: dict[str, Any]) -> str:
    if check["verdict"] == "passed":
        return ""
    if check["verdict"] in _FAULTS:
        return "error"
    return "skipped" if check["verdict"] in ("not_started", "not_applicable") else "failure"
