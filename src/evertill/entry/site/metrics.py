"""`/metrics` for Prometheus on a port of its own, summed over all processes of this node."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

from evertill.kernel import log

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def prepare_metrics(data: Path) -> None:
    """This function will empty the folder in which this node's processes count, and tell them of it.

    To be called before anything that counts is imported.
    """
    folder = data / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    os.environ[_FOLDER] = str(folder)


def serve_metrics(port: int) -> None:
    """This function will serve `/metrics` on 127.0.0.1 until SIGTERM."""
    # Imported late: the library looks at the folder's variable once, when it is first imported.
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    log.set_up(process="metrics")
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    registry = CollectorRegistry()
    if os.environ.get(_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    stopped.wait()
    server.shutdown()
    thread.join()
