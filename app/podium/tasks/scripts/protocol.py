"""What a script can say to its task on its output: `::{...}::` lines (outputs, metrics, logs) and level
markers.
"""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Never, cast, get_args

from podium.base.durations import parse_duration
from podium.plugin.context import Level, MetricType, RunContext, Stream

DEBUG_MARKER = "##kestra:log:debug##"
INFO_MARKER = "##kestra:log:info##"

MAX_VARS = 10 * 1024 * 1024
"""Characters of all `outputs` frames of one run together."""

_FRAME = re.compile(r"::(\{.*\})::", re.DOTALL)
_LEVELS = frozenset(get_args(Level))
_METRIC_TYPES = frozenset(get_args(MetricType))
_KEPT_ERRORS = 40
_SEVERITIES: tuple[tuple[int, Level], ...] = ((17, "ERROR"), (13, "WARN"), (9, "INFO"), (5, "DEBUG"), (1, "TRACE"))


class ScriptOutput:
    """Consumes the lines of one run: text goes to the log, frames become `vars`, metrics and log entries."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        self._debug = False
        self._size = 0
        self._metrics: dict[tuple[str, MetricType, tuple[tuple[str, str], ...]], float] = {}
        self.vars: dict[str, Any] = {}
        self.last_errors: deque[str] = deque(maxlen=_KEPT_ERRORS)
        self.line_counts: dict[Stream, int] = {"stdout": 0, "stderr": 0}

    @property
    def in_preparation(self) -> bool:
        """Whether the last lines came from `beforeCommands`."""
        return self._debug

    def take(self, stream: Stream, lines: Sequence[str]) -> None:
        """Consume a batch of lines; the shape that `Processes.run` wants."""
        special = [n for n, line in enumerate(lines) if line.startswith(("::{", "##kestra:log:"))]
        begin = 0
        for position in special:
            self._text(stream, lines[begin:position])
            self._special(stream, lines[position])
            begin = position + 1
        self._text(stream, lines[begin:] if begin else lines)

    def publish_metrics(self) -> None:
        """Hand over the collected metrics: counters and timers added up, gauges with their last value."""
        for (name, kind, tags), value in self._metrics.items():
            self._ctx.metric(name, value, kind, dict(tags))
        self._metrics.clear()

    def _text(self, stream: Stream, lines: Sequence[str]) -> None:
        if not lines:
            return
        self.line_counts[stream] += len(lines)
        if stream == "stderr":
            self.last_errors.extend(lines[-_KEPT_ERRORS:])
            self._ctx.log.lines(stream, "ERROR", lines)
        else:
            self._ctx.log.lines(stream, "DEBUG" if self._debug else "INFO", lines)

    def _special(self, stream: Stream, line: str) -> None:
        if line in (DEBUG_MARKER, INFO_MARKER):
            self._debug = line == DEBUG_MARKER
            return
        frame = _FRAME.fullmatch(line)
        if frame is None:
            self._text(stream, [line])
            return
        self.line_counts[stream] += 1
        try:
            content = json.loads(frame[1], parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            self._ctx.log.warn(f"Invalid outputs '{error}'")
            return
        self._outputs(content.get("outputs"), len(line))
        for metric in _entries(content, "metrics"):
            self._metric(metric)
        for entry in _entries(content, "logs"):
            self._log(entry)
        for secret in _texts(content.get("encryptedOutputs")):
            self._ctx.mask(secret)
        if isinstance(content.get("otlp"), Mapping):
            self._telemetry(content["otlp"])

    def _outputs(self, outputs: Any, size: int) -> None:
        if outputs is None:
            return
        if not isinstance(outputs, Mapping):
            self._ctx.log.warn(f"Invalid outputs 'an object is needed, not {json.dumps(outputs)[:200]}'")
            return
        self._size += size
        if self._size > MAX_VARS:
            self._ctx.log.warn(
                f"The outputs {', '.join(outputs)[:200]} are dropped: all `outputs` of a script together may have "
                f"{MAX_VARS >> 20} MiB. Write large results to a file and name it in `outputFiles`."
            )
            return
        self.vars.update(outputs)

    def _metric(self, metric: Any) -> None:
        try:
            name, kind, value = str(metric["name"]), str(metric["type"]).lower(), metric["value"]
            if kind not in _METRIC_TYPES:
                raise ValueError(f"the type must be counter, timer or gauge, not {kind}")
            number = metric_value(kind, value)
            tags = tuple(sorted((str(key), str(tag)) for key, tag in (metric.get("tags") or {}).items()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
            self._ctx.log.warn(f"Invalid metric '{json.dumps(metric)[:200]}': {reason}")
            return
        self._add(name, cast("MetricType", kind), tags, number)

    def _add(self, name: str, kind: MetricType, tags: tuple[tuple[str, str], ...], value: float) -> None:
        key = (name, kind, tags)
        self._metrics[key] = value if kind == "gauge" else self._metrics.get(key, 0) + value

    def _log(self, entry: Any) -> None:
        level = str(entry.get("level", "")).upper() if isinstance(entry, Mapping) else ""
        if level not in _LEVELS or not isinstance(entry.get("message"), str):
            self._ctx.log.warn(f"Invalid log '{json.dumps(entry)[:200]}'")
            return
        self._ctx.log.write(cast("Level", level), entry["message"])

    def _telemetry(self, record: Mapping[str, Any]) -> None:
        """An OTLP/JSON record: logs and metrics are taken over, traces ignored."""
        for scope in _nested(record, "resourceLogs", "scopeLogs"):
            for entry in _entries(scope, "logRecords"):
                message = entry.get("body", {}).get("stringValue")
                if isinstance(message, str):
                    self._ctx.log.write(_telemetry_level(entry), message)
        for scope in _nested(record, "resourceMetrics", "scopeMetrics"):
            for metric in _entries(scope, "metrics"):
                cumulative = metric.get("sum", {}).get("aggregationTemporality") not in (
                    1,
                    "AGGREGATION_TEMPORALITY_DELTA",
                )
                kind: MetricType = "gauge" if "gauge" in metric or cumulative else "counter"
                for point in _entries(metric.get("gauge") or metric.get("sum") or {}, "dataPoints"):
                    value = point.get("asDouble", point.get("asInt"))
                    if value is not None:
                        self._add(str(metric.get("name")), kind, (), float(value))


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not a JSON value: convert it to null or text before printing it")


def metric_value(kind: str, value: Any) -> float:
    """The value of a metric as a number; timers may be ISO-8601 durations. Raises ValueError or TypeError."""
    if kind == "timer" and isinstance(value, str):
        return parse_duration(value).total_seconds()
    return float(value)


def _entries(content: Mapping[str, Any], key: str) -> Sequence[Any]:
    entries = content.get(key)
    return entries if isinstance(entries, list) else ()


def _nested(record: Mapping[str, Any], outer: str, inner: str) -> Sequence[Any]:
    return [scope for resource in _entries(record, outer) for scope in _entries(resource, inner)]


def _telemetry_level(entry: Mapping[str, Any]) -> Level:
    number = entry.get("severityNumber")
    if isinstance(number, int):
        return next((level for least, level in _SEVERITIES if number >= least), "INFO")
    text = str(entry.get("severityText", "")).upper()
    return cast("Level", text) if text in _LEVELS else "INFO"


def _texts(value: Any) -> list[str]:
    """All texts inside a JSON value."""
    if isinstance(value, str):
        return [value] if value else []
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _texts(item)]
