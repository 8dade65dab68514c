"""The page's addresses, and the server that answers them on loopback.

======================================  ===============================================================================
``GET /``                               to the current exercise
``GET /LAB/NAME``                       its page
``GET /LAB/NAME/events``                server-sent events: which parts of the page have changed, as JSON
``POST /LAB/NAME/hint``                 open the next hint
``POST /LAB/NAME/try``                  run the file's demonstration, or stop it
``GET /LAB/NAME/plots/DIGEST.png``      a picture of the last run
``GET /-/FILE``                         the page's styles and scripts
======================================  ===============================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from mechgrade.course import CourseError, Exercise
from mechgrade.doors.page.gate import Gate
from mechgrade.doors.page.live import Live
from mechgrade.reports.html import part_of_page
from mechgrade.reports.live import document, parts

FILES = {
    "figures.css": "text/css",
    "learn.css": "text/css",
    "figures.js": "text/javascript",
    "learn.js": "text/javascript",
}
#: Another version of these, and an open page loads itself anew.
VERSION = hashlib.sha256("".join(map(part_of_page, FILES)).encode()).hexdigest()[:12]
#: Milliseconds after which a browser tries again to reach a server that is gone.
RETRY_MS = 500
#: Seconds after which a silent stream says that it is there: whether somebody still reads it is only seen by writing.
BEAT = 15.0
#: A form of the page is shorter.
MAX_FORM = 1024


class Pages:
    """What is answered, by address."""

    def __init__(self, live: Live) -> None:
        self._live = live
        #: tells an open page that the server was started anew, and counts from the beginning
        self._run = secrets.token_hex(4)
        self._closing = False
        self._wake: list[Callable[[], None]] = []

    def app(self, token: str) -> Gate:
        """The application, behind its gate."""
        routes = [
            Route("/", self._home),
            Route("/-/{file}", self._file),
            Route("/{lab}/{name}", self._page),
            Route("/{lab}/{name}/events", self._events),
            Route("/{lab}/{name}/plots/{digest}.png", self._plot),
            Route("/{lab}/{name}/hint", self._hint, methods=["POST"]),
            Route("/{lab}/{name}/try", self._try, methods=["POST"]),
        ]
        return Gate(Starlette(routes=routes), token)

    def end_streams(self) -> None:
        """Let the streams end, which would keep the server from ending."""
        self._closing = True
        for wake in list(self._wake):
            wake()

    # --- answers -----------------------------------------------------------------------------------------------------

    async def _home(self, _: Request) -> Response:
        return RedirectResponse(_path(self._live.current()), 303)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in FILES:
            raise HTTPException(404)
        return Response(part_of_page(name), media_type=FILES[name])

    async def _page(self, request: Request) -> Response:
        exercise = self._exercise(request)
        self._live.opened(exercise)
        return HTMLResponse(document(self._live.face(exercise), VERSION))

    async def _plot(self, request: Request) -> Response:
        png = self._live.plot(self._exercise(request), request.path_params["digest"])
        if png is None:
            raise HTTPException(404)
        return Response(png, media_type="image/png")

    async def _hint(self, request: Request) -> Response:
        exercise, form = self._exercise(request), await _form(request)
        number = form.get("number", "")
        if not number.isdecimal() or len(number) > 3:
            raise HTTPException(400)
        await asyncio.to_thread(self._live.hint, exercise, int(number))
        return _done(request, exercise, "#hints")

    async def _try(self, request: Request) -> Response:
        exercise, form = self._exercise(request), await _form(request)
        action = (
            self._live.stop_demonstration if form.get("do") == "stop" else partial(self._live.demonstrate, exercise)
        )
        await asyncio.to_thread(action)
        return _done(request, exercise, "#trial")

    async def _events(self, request: Request) -> Response:
        exercise = self._exercise(request)
        self._live.opened(exercise)
        return StreamingResponse(self._stream(exercise), media_type="text/event-stream")

    async def _stream(self, exercise: Exercise) -> AsyncIterator[str]:
        """All parts at first, and then those that change."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(changed.set)

        leave = self._live.listen(tell)
        self._wake.append(changed.set)
        try:
            sent: dict[str, str] = {}
            yield f"retry: {RETRY_MS}\n\n"
            while not self._closing:
                now = {name: str(part) for name, part in parts(self._live.face(exercise)).items()}
                news = {name: part for name, part in now.items() if sent.get(name) != part}
                at = str(self._live.at) if self._live.at is not None else ""
                if news or not sent:
                    message = {"version": VERSION, "run": self._run, "saves": self._live.saves, "at": at, "parts": news}
                    yield f"data: {json.dumps(message, ensure_ascii=False)}\n\n"
                sent = now
                try:
                    await asyncio.wait_for(changed.wait(), BEAT)
                except TimeoutError:
                    yield ":\n\n"
                changed.clear()
        finally:
            self._wake.remove(changed.set)
            leave()

    def _exercise(self, request: Request) -> Exercise:
        try:
            return self._live.course.exercise(request.path_params["name"], request.path_params["lab"])
        except CourseError as error:
            raise HTTPException(404, str(error)) from None


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise HTTPException(413)
    return {name: values[-1] for name, values in parse_qs(body.decode("ascii", "replace")).items()}


def _done(request: Request, exercise: Exercise, part: str) -> Response:
    """The page's script hears of the change by its stream. A browser without scripts goes back to the page."""
    return Response(status_code=204) if "x-live" in request.headers else RedirectResponse(_path(exercise) + part, 303)


def _path(exercise: Exercise) -> str:
    return f"/{exercise.lab}/{exercise.name}"


class Server(uvicorn.Server):
    """Serves the pages until it is told to end, by a signal or by :meth:`end`.

    Args:
        live: what the pages show.
        token: who has it may see them.
        ready: called when a browser can connect.
    """

    def __init__(self, live: Live, token: str, ready: Callable[[], None]) -> None:
        self._pages = Pages(live)
        self._ready = ready
        # Of uvicorn's own words none is for a learner. A fault of ours is shown whole: without it nobody could report it.
        logging.getLogger("uvicorn.error").addFilter(lambda record: record.exc_info is not None)
        super().__init__(
            uvicorn.Config(
                self._pages.app(token),
                log_config=None,
                log_level="error",
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=3,
            )
        )

    def end(self) -> None:
        """End it, from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when it is done."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: they have no end of their own."""
        self._pages.end_streams()
        await super().shutdown(sockets)
