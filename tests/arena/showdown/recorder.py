"""A proxy before a Showdown server that keeps every message of its clients."""

import contextlib
import threading
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve


class Recorder:
    """Forwards WebSocket messages both ways; a context manager.

    Args:
        upstream: address of the Showdown server.

    Attributes:
        url: the proxy's own address.
        sent: every message of every client, in order.
    """

    def __init__(self, upstream: str) -> None:
        self.sent: list[str | bytes] = []
        self._upstream = upstream
        self._server = serve(self._forward, "127.0.0.1", 0, max_size=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/showdown/websocket"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)

    def _forward(self, client: ServerConnection) -> None:
        with connect(self._upstream, max_size=None) as server:

            def back() -> None:
                with contextlib.suppress(ConnectionClosed):
                    for message in server:
                        client.send(message)
                client.close()

            returning = threading.Thread(target=back, daemon=True)
            returning.start()
            with contextlib.suppress(ConnectionClosed):
                for message in client:
                    self.sent.append(message)
                    server.send(message)
            server.close()
            returning.join(10)
