"""Why a model could not be had, in a sentence: what was found, and what to do.

The libraries raise dozens of classes for a handful of reasons, wrapped in each other. This looks through the chain of causes for the
reason, and says it in the course's words. Classes are known by name, so that nothing needs to be imported to read an error.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

#: Commands that the sentences name.
PULL = "mechgrade models pull"
#: What to do about a file that was not downloaded.
BACK = "put the file back as it was"


def sentence(error: BaseException, what: str, *, pull: str | None) -> str:
    """The reason for a failure to load or download.

    Args:
        error: what was raised; its causes are looked at too.
        what: what could not be loaded, such as ``the model gpt2-small``.
        pull: the name to download it by; None where it is no download (a directory of the course).
    """
    chain = list(_causes(error))
    return f"{what} could not be loaded: {_reason(chain, pull)}"


def _reason(chain: list[BaseException], pull: str | None) -> str:
    again = f"run `{PULL} {pull}`" if pull else BACK
    names = {name for error in chain for name in _classes(error)}
    status = next((code for error in chain if (code := _status(error)) is not None), None)
    text = " ".join(str(error) for error in chain)
    if "GatedRepoError" in names or status == 403:
        return (
            "its owner gives it only to those who accepted the terms: accept them on the model's page, then log in with `hf auth login` "
            f"and {again}"
        )
    if any(isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) for error in chain):
        return f"the disk is full: free some space, or let HF_HOME name a directory on a larger disk; then {again}"
    if "No space left on device" in text or "Disk quota exceeded" in text:  # from compiled code, without a number
        return f"the disk is full: free some space, or let HF_HOME name a directory on a larger disk; then {again}"
    if any(isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS) for error in chain):
        return f"no permission to read or write its files: {_first_line(chain[-1])}"
    absent = f"its files are not on this machine, or not all of them, and loading uses no network: {again}"
    if "OfflineModeIsEnabled" in names or any(words in text for words in _OFFLINE):
        return absent
    if "SafetensorError" in names or "UnpicklingError" in names:
        return f"a file of weights is corrupt ({_first_line(_named(chain, 'SafetensorError', 'UnpicklingError'))}): {_anew(pull)}"
    if "JSONDecodeError" in names or "not a valid JSON file" in text:
        return f"a configuration file is corrupt ({_first_line(chain[0])}): {_anew(pull)}"
    if names & {"RepositoryNotFoundError", "RevisionNotFoundError"} or status in (401, 404):
        return "the Hub has no model of that name, or it is private: compare it with the model's page; for a private one, `hf auth login`"
    if status is not None and status >= 500:
        return f"the Hub failed (HTTP {status}): {again} later; it goes on where it stopped"
    if "Consistency check failed" in text:
        return f"a file did not arrive whole: {again} again ({_first_line(chain[0])})"
    if "FileMetadataError" in names:
        return f"what answered in the Hub's place is no Hub: look at proxies, firewalls and HF_ENDPOINT, then {again}"
    if names & _NETWORK or any(isinstance(error, ConnectionError | TimeoutError) for error in chain):
        return (
            f"the connection to the Hub failed or broke off ({_first_line(chain[-1])}): check the network, then {again} again; "
            "it goes on where it stopped"
        )
    if "LocalEntryNotFoundError" in names or "cached files" in text or "does not appear to have a file named" in text:
        return absent
    if (
        "not found. Valid official model names" in text
        or "is not a local folder and is not a valid model identifier" in text
    ):
        return "TransformerLens boots no model of that name: `mechgrade models list --all` names those that it does"
    if "out of memory" in text or "MemoryError" in names:
        return "it does not fit into memory: take a smaller model, or another device"
    return f"{type(chain[0]).__name__}: {_first_line(chain[0])}"


#: Classes of httpx, requests, urllib3 and the Hub's own storage that stand for a connection.
_NETWORK = {
    "TransportError",
    "ConnectionError",
    "ProtocolError",
    "IncompleteRead",
    "ChunkedEncodingError",
    "ReadTimeout",
    "ConnectTimeout",
    "MaxRetryError",
    "NameResolutionError",
    "XetDownloadError",
}


#: How the libraries say that they may not use the network.
_OFFLINE = ("offline mode", "outgoing traffic has been disabled", "HF_HUB_OFFLINE")


def _anew(pull: str | None) -> str:
    return f"run `{PULL} {pull} --again`, which fetches it anew" if pull else BACK


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, what caused that; each once."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or here.__context__


def _classes(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _status(error: BaseException) -> int | None:
    """The HTTP status that an error carries, if it carries one."""
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def _named(chain: list[BaseException], *names: str) -> BaseException:
    return next(error for error in chain if set(names) & set(_classes(error)))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
