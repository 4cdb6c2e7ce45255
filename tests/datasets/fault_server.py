"""A web server that serves each file with a script of faults."""

from __future__ import annotations

import collections
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FaultServer:
    """Serves `files`; a request takes its path's next scripted fault, else "ok"."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.scripts: dict[str, list[str]] = collections.defaultdict(list)
        self.requests: collections.Counter[str] = collections.Counter()
        self.stop = threading.Event()
        self.dripping = threading.Event()
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"faults": self})
        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.httpd.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.01,))

    def __enter__(self) -> FaultServer:
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop.set()
        self.httpd.shutdown()
        self.thread.join()
        self.httpd.server_close()

    def next_fault(self, path: str) -> str:
        with self.lock:
            self.requests[path] += 1
            script = self.scripts[path]
            return script.pop(0) if script else "ok"


class _Handler(BaseHTTPRequestHandler):
    faults: FaultServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        fault = self.faults.next_fault(path)
        data = self.faults.files.get(path, b"")
        try:
            getattr(self, f"serve_{fault}")(path, data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client hung up, as it should

    def head(self, status: int, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def serve_ok(self, path: str, data: bytes) -> None:
        self.head(200, len(data))
        self.wfile.write(data)

    def serve_cut(self, path: str, data: bytes) -> None:
        """Announces all, sends half, hangs up."""
        self.head(200, len(data))
        self.wfile.write(data[: len(data) // 2])

    def serve_cut_unannounced(self, path: str, data: bytes) -> None:
        self.head(200)
        self.wfile.write(data[: len(data) // 2])

    def serve_short(self, path: str, data: bytes) -> None:
        """Announces and sends half."""
        self.head(200, len(data) // 2)
        self.wfile.write(data[: len(data) // 2])

    def serve_long(self, path: str, data: bytes) -> None:
        self.head(200)
        self.wfile.write(data + b"x")

    def serve_endless(self, path: str, data: bytes) -> None:
        self.head(200)
        while not self.faults.stop.is_set():
            self.wfile.write(bytes(65536))

    def serve_wrong(self, path: str, data: bytes) -> None:
        self.head(200, len(data))
        self.wfile.write(data[:-1] + bytes([data[-1] ^ 1]))

    def serve_503(self, path: str, data: bytes) -> None:
        self.head(503, 0)

    def serve_404(self, path: str, data: bytes) -> None:
        self.head(404, 0)

    def serve_reset(self, path: str, data: bytes) -> None:
        """Hangs up without a word."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def serve_nonsense(self, path: str, data: bytes) -> None:
        self.wfile.write(b"\xff\xfe\x00 this is no HTTP\r\n\r\n")

    def serve_hang(self, path: str, data: bytes) -> None:
        """Sends a head, then nothing."""
        self.head(200, len(data))
        self.wfile.write(data[:10])
        self.wfile.flush()
        self.faults.dripping.set()
        self.faults.stop.wait(20)

    def serve_redirect(self, path: str, data: bytes) -> None:
        self.head(302, 0, Location=f"/{path}")

    def serve_redirect_to_file(self, path: str, data: bytes) -> None:
        self.head(302, 0, Location="file:///etc/hostname")

    def serve_redirect_to_ftp(self, path: str, data: bytes) -> None:
        self.head(302, 0, Location="ftp://127.0.0.1/x")
