"""Who may see the page: a browser of this user that was given the token, and no other site through it.

A server on loopback is open to every page in every tab, and to every user of the machine. So each request must
 - name this machine as its host: a name of somebody else's that leads to 127.0.0.1 would make their page ours;
 - come from the page itself or from an address that was typed or opened, and not from another origin;
 - carry the token: once in the address, and from then on in a cookie that scripts cannot read and other sites do not send.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Names of this machine. The port is any, so that a port that ssh forwards from elsewhere works.
NAMES = ("127.0.0.1", "localhost")

#: What a browser may do with our pages: our own files, our own addresses, no frames, nothing from anywhere else.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_REFUSED = (
    "This page opens only from the address that `mechgrade learn` prints, with the token at its end. "
    "Run `mechgrade learn` in the course's folder: it opens the page, or says where it is.\n"
)


class Gate:
    """Lets requests through to the page, or answers them itself.

    Args:
        app: the page.
        token: the secret.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token
        # Cookies know no ports: the pages of two checkouts need two names.
        self.cookie = f"mechgrade-{hashlib.sha256(token.encode()).hexdigest()[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        answer = self._answer(request)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await (self._app if answer is None else answer)(scope, receive, sending)

    def _answer(self, request: Request) -> Response | None:
        """What is answered in place of the page; None where the page may answer."""
        host = request.headers.get("host", "")
        if host.rpartition(":")[0] not in NAMES and host not in NAMES:
            return PlainTextResponse(f"This is no address of the page: {host!r}\n", 421)
        given = parse_qs(request.url.query).get("token")
        if _is_foreign(request.headers, f"http://{host}", is_read=request.method in ("GET", "HEAD")):
            return PlainTextResponse("The page answers no other site.\n", 403)
        if given is not None:
            return self._enter(request.url.path) if self._is_right(given[0]) else PlainTextResponse(_REFUSED, 403)
        if not self._is_right(request.cookies.get(self.cookie, "")):
            return PlainTextResponse(_REFUSED, 403)
        return None

    def _enter(self, path: str) -> Response:
        """Take the token out of the address. Not by a redirect: after a link from elsewhere it would not carry the cookie."""
        path = path if path.replace("/", "").replace("_", "").isalnum() and not path.startswith("//") else "/"
        answer = HTMLResponse(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0; url={path}">'
            f'<title>mechgrade</title><p><a href="{path}">To the page</a></p>'
        )
        answer.set_cookie(self.cookie, self._token, httponly=True, samesite="strict")
        return answer

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())


def _is_foreign(headers: Mapping[str, str], own: str, is_read: bool) -> bool:
    """Whether another site has made this request. Every browser says so in one way or another, when something may change."""
    origin = headers.get("origin")
    if origin is not None or not is_read:
        return origin != own
    if headers.get("sec-fetch-mode") == "navigate":
        return False  # a link: without the cookie it leads nowhere
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
