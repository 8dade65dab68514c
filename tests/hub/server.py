"""A Hub on loopback: the paths, headers and redirects of huggingface.co, and the ways in which it fails.

The real ``huggingface_hub``, ``transformers``, TransformerLens and sae-lens talk to it through ``HF_ENDPOINT``. What they ask of the real one
and get here: ``/api/models/…`` (info and tree), ``HEAD`` and ``GET`` of ``/REPO/resolve/REVISION/FILE`` with ``X-Repo-Commit`` and ``ETag``,
large files redirected to a CDN path with ``X-Linked-Size`` and ``X-Linked-ETag``, small ones to ``/api/resolve-cache/…``, old names
(``gpt2``) redirected to new ones (``openai-community/gpt2``), and ranges.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit

#: Files of these kinds are in Git LFS on the Hub: content-addressed, on the CDN.
LARGE = (".safetensors", ".bin", ".pt")


@dataclass
class Faults:
    """How the Hub misbehaves. Files are named by their path in the repository."""

    gated: set[str] = field(default_factory=set)
    #: file → after how many bytes the connection breaks, once
    cut: dict[str, int] = field(default_factory=dict)
    #: whether the Hub stays down after a broken connection
    down_after_cut: bool = False
    #: files that arrive with other bytes than their checksum says, of the right size
    corrupt: set[str] = field(default_factory=set)
    #: files of which fewer bytes arrive than the Hub announced, every time
    short: set[str] = field(default_factory=set)
    #: answer every request with this status
    status: int | None = None


class Hub:
    """The server, as a context manager. ``url`` is its ``HF_ENDPOINT``."""

    def __init__(self, repos: dict[str, dict[str, bytes]], renamed: dict[str, str] | None = None) -> None:
        self.repos = repos
        self.renamed = renamed or {}
        self.faults = Faults()
        #: (method, path) → how often; and the ranges that were asked for
        self.seen: Counter[tuple[str, str]] = Counter()
        self.ranges: list[tuple[str, str]] = []
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        # Another host, as on the real Hub: libraries treat redirects within a host differently.
        self.cdn = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Hub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sent(self, file: str) -> int:
        """How many bodies of a file were asked for."""
        return sum(count for (method, path), count in self.seen.items() if method == "GET" and path.endswith(file))


def commit_of(files: dict[str, bytes]) -> str:
    """A commit hash that changes with the content, as the Hub's does."""
    digest = hashlib.sha1()
    for name in sorted(files):
        digest.update(name.encode() + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def etag_of(name: str, body: bytes) -> str:
    """What the Hub tells files apart by: SHA-256 of large ones, Git's blob hash of small ones."""
    if name.endswith(LARGE):
        return hashlib.sha256(body).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.seen[self.command, path] += 1
        if self.hub.faults.status is not None:
            return self._send(self.hub.faults.status, b"out of order")
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "resolve-cache"]:
            return self._small("/".join(parts[3:5]), "/".join(parts[6:]))
        if parts[:2] == ["api", "models"]:
            return self._api(parts[2:])
        if parts[0] == "cdn":
            return self._large(parts[1], parts[2], "/".join(parts[3:]))
        if "resolve" in parts:
            place = parts.index("resolve")
            return self._resolve("/".join(parts[:place]), parts[place + 1], "/".join(parts[place + 2 :]))
        self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

    def _known(self, repo: str, path: str) -> dict[str, bytes] | None:
        """The repository's files; or None when the answer was a redirect or a refusal."""
        if repo in self.hub.renamed:
            self._send(307, b"", {"Location": path.replace(repo, self.hub.renamed[repo], 1)})
        elif repo not in self.hub.repos:  # the Hub does not tell strangers which private ones there are
            self._send(401, b"", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        elif repo in self.hub.faults.gated:
            self._send(403, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": f"Access to {repo} is restricted"})
        else:
            return self.hub.repos[repo]
        return None

    def _api(self, parts: list[str]) -> None:
        cut = next((place for place, part in enumerate(parts) if part in ("revision", "tree")), len(parts))
        repo = "/".join(parts[:cut])
        files = self._known(repo, self.path)
        if files is None:
            return
        entries = []
        for name, body in sorted(files.items()):
            entry: dict[str, object] = {"rfilename": name, "size": len(body), "blobId": etag_of(name, body)[:40]}
            if name.endswith(LARGE):
                entry["lfs"] = {"sha256": etag_of(name, body), "size": len(body), "pointerSize": 134}
            entries.append(entry)
        if parts[cut : cut + 1] == ["tree"]:
            under = "/".join(parts[cut + 2 :])
            tree = [
                {"type": "file", "path": e["rfilename"], "size": e["size"], "oid": e["blobId"]}
                for e in entries
                if str(e["rfilename"]).startswith(f"{under}/" if under else "")
            ]
            if under and not tree:
                return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
        info = {"id": repo, "modelId": repo, "sha": commit_of(files), "private": False, "gated": False, "tags": []}
        info |= {"downloads": 0, "likes": 0, "siblings": entries}
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _resolve(self, repo: str, revision: str, name: str) -> None:
        files = self._known(repo, self.path)
        if files is None:
            return
        commit = commit_of(files)
        if revision not in ("main", commit):
            return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        if name not in files:
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        body, etag = files[name], etag_of(name, files[name])
        if name.endswith(LARGE):
            headers |= {"X-Linked-Size": str(len(body)), "X-Linked-ETag": f'"{etag}"'}
            headers["Location"] = f"{self.hub.cdn}/cdn/{repo}/{name}"
            return self._send(302, b"", headers)
        headers |= {"ETag": f'"{etag}"', "Location": f"/api/resolve-cache/models/{repo}/{commit}/{name}"}
        self._send(307, b"", headers)

    def _small(self, repo: str, name: str) -> None:
        files = self.hub.repos[repo]
        headers = {"ETag": f'"{etag_of(name, files[name])}"', "X-Repo-Commit": commit_of(files)}
        self._body(name, files[name], headers)

    def _large(self, owner: str, repo: str, name: str) -> None:
        body = self.hub.repos[f"{owner}/{repo}"][name]
        self._body(name, body, {"ETag": f'"{etag_of(name, body)}"'})

    def _body(self, name: str, body: bytes, headers: dict[str, str]) -> None:
        faults = self.hub.faults
        if name in faults.corrupt:
            middle = len(body) // 2
            body = body[:middle] + bytes(byte ^ 0xFF for byte in body[middle : middle + 64]) + body[middle + 64 :]
        if name in faults.short:
            body = body[: len(body) // 2]
        status, start, total = 200, 0, len(body)
        wanted = self.headers.get("Range")
        if wanted and self.command == "GET":
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            self.hub.ranges.append((name, wanted))
            status = 206
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        headers["Accept-Ranges"] = "bytes"
        body = body[start:]
        cut = faults.cut.pop(name, None) if self.command == "GET" else None
        if cut is None:
            return self._send(status, body, headers)
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body[:cut])
        self.wfile.flush()
        if faults.down_after_cut:
            faults.status = 503
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
