"""JSON lines on standard error, from our own code and from every library alike. Secrets never go in."""

from __future__ import annotations

import logging
import sys

import structlog

from evertill.kernel import config


def set_up(*, process: str) -> None:
    """This function will send all logging of this process to standard error as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the values of variables: there could be a password or a customer's address among them.
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.get().log_level.upper())
    # It tells of every start and stop, which the supervisor tells already.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # It tells of every call that went well, with its address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # At debug it tells all that a page was made from, the address with its access_token included.
    logging.getLogger("django.template").setLevel(logging.INFO)
    # What strangers ask for in vain is no news, and would let them fill the log.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    structlog.contextvars.bind_contextvars(process=process)
