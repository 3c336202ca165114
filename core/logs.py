"""Logs of the app: lines for people, or one JSON object a line for a collector."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any

LOGGERS = ("core", "ui", "pages")
_HANDLER = "encore"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """time (UTC), level, logger and message; what was given as `extra`; a traceback as `error`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="seconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str, ensure_ascii=False)


def set_up(form: str) -> None:
    """Send the app's own loggers to stderr as `core.settings.Settings.log` says; once is enough."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if any(handler.name == _HANDLER for handler in logger.handlers):
            continue
        handler = logging.StreamHandler(sys.stderr)
        handler.name = _HANDLER
        text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        handler.setFormatter(JsonFormatter() if form == "json" else text)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
