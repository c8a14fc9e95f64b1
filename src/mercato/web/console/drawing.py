"""Has charts drawn by a process of its own, which goes when nothing is to be drawn."""

import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path

import orjson

from mercato.core.errors import Overloaded
from mercato.web.console.figures import WIDTHS, Figure

PROGRAM = Path(__file__).with_name("charts.py")

REST_SECONDS = 60.0
"""Without a drawing for so long, the process ends and its 175 MB are free."""

_REMEMBERED = 64


class Drawing:
    """One process at most; safe to share by threads. What was drawn lately is not drawn again."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._rest: threading.Timer | None = None
        self._drawn: OrderedDict[bytes, bytes] = OrderedDict()

    def draw(self, figure: Figure, width: str) -> bytes:
        """SVG of a figure in one of `WIDTHS`. Raises Overloaded where the process fails."""
        asked = {"figure": asdict(figure), "width": WIDTHS[width], "height": figure.height}
        line = orjson.dumps(asked)
        with self._turn:
            if line not in self._drawn:
                self._drawn[line] = self._ask(line)
                if len(self._drawn) > _REMEMBERED:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(line)
            return self._drawn[line]

    def warm(self) -> None:
        """Start the process for whoever is about to ask for a drawing; does not wait for it."""
        with self._turn:
            self._running()

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _ask(self, line: bytes) -> bytes:
        for _ in range(2):  # a process that ended meanwhile is started once more
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                said = process.stdout.readline()
            except BrokenPipeError:
                said = b""
            if said:
                svg: str = orjson.loads(said)["svg"]
                return svg.encode()
            self._end()
        raise Overloaded("a chart", "none: what draws it ended", "Look at the table beside it.")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # -P: a module of the folder must not stand in for one of the same name elsewhere.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        if self._rest is not None:
            self._rest.cancel()
        self._rest = threading.Timer(REST_SECONDS, self.close)
        self._rest.daemon = True
        self._rest.start()
        return self._process

    def _end(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None and process.stdout is not None
            process.terminate()
            process.wait()
            process.stdin.close()
            process.stdout.close()
