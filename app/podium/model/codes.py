"""Every diagnostic code: its severity and what it means. `docs/diagnostics.md` is made from this table."""

from podium.model.diagnostics import Severity

CODES: dict[str, tuple[Severity, str]] = {
    "unreadable": ("error", "The file cannot be read, is binary, or is not UTF-8 text."),
    "yaml-syntax": ("error", "The text is not YAML. Nothing after the marked place was read."),
    "yaml-size": ("error", "The text is larger than a Kestra server would read."),
    "yaml-depth": ("error", "Maps and lists are nested too deeply."),
    "yaml-alias": ("error", "An alias or merge key refers to nothing usable, or its expansion is too large."),
    "yaml-key": ("error", "A key of a map is itself a list or a map."),
    "yaml-duplicate-key": ("error", "A map has the same key twice."),
    "not-a-flow": ("error", "The document is not a map with the properties of a flow."),
    "several-flows": ("error", "Only one flow was expected, but the text holds several documents."),
    "flow-twice": ("error", "Two files of the workspace hold the same flow."),
    "unknown-property": ("error", "The object has no such property."),
    "missing-property": ("error", "A required property is absent or null."),
    "empty-list": ("error", "A list that needs at least one entry is empty."),
    "wrong-type": ("error", "The value has another type than the property."),
    "invalid-value": ("error", "The value has the right type, but is not possible here."),
    "no-effect": ("warning", "The property means something for other tasks only."),
    "fails-later": ("warning", "A server accepts the value, but the task or the start of the flow fails with it."),
    "invalid-id": ("error", "An id, namespace or key does not match the pattern it must have."),
    "reserved-id": ("warning", "The flow id is a word that the server's addresses use; a newer server refuses it."),
    "duplicate-id": ("error", "Two tasks, triggers, inputs, outputs or preconditions have the same id."),
    "missing-type": ("error", "An object that is chosen by its type has no `type`."),
    "unknown-type": ("error", "Nobody knows a type of this name."),
    "wrong-family": ("error", "The type exists, but is of another kind, e.g. a trigger among tasks."),
    "recursive-flow": ("error", "A flow calls itself directly."),
    "input-dependency": ("error", "Inputs depend on an unknown input or on each other in a ring."),
    "dag-dependency": ("error", "Tasks of a Dag depend on an unknown task or on each other in a ring."),
    "not-runnable": ("error", "Only runnable tasks are possible here."),
    "retry-interval": ("error", "The intervals of a retry contradict each other."),
    "time-window": ("error", "The time window has properties that do not belong to its type, or lacks some."),
    "condition-filter": ("error", "A filter of a precondition needs `value` or `values`, but not both."),
    "cron": ("error", "The cron expression cannot be read."),
    "timezone": ("error", "The time zone does not exist."),
    "pattern": ("error", "The regular expression cannot be compiled."),
    "system-label": ("error", "Labels that begin with `system.` are set by Kestra only."),
    "plugin-default": ("error", "An entry of `pluginDefaults` is not complete or sets an unknown property."),
    "worker-group": ("error", "A worker group is refused by an open-source server; see `edition` in the settings."),
    "enterprise-only": ("warning", "The property exists in the Enterprise Edition only; it has no effect here."),
    "webhook-condition": ("error", "A Webhook cannot have this condition."),
    "expression-syntax": ("warning", "An expression cannot be parsed: the task fails when it is rendered."),
    "unknown-function": (
        "warning",
        "An expression uses a filter, function or test that does not exist, or gives it wrong arguments.",
    ),
    "unknown-input": ("warning", "An expression reads an input that the flow does not declare."),
    "unknown-variable": ("warning", "An expression reads a variable that is not declared or does not exist."),
    "unknown-output": ("warning", "An expression reads outputs of a task that the flow does not have."),
    "unknown-secret": ("info", "An expression asks for a secret that the workspace does not have."),
    "unknown-key": ("info", "An expression asks for a key that the namespace does not have."),
    "unknown-file": ("info", "An expression reads a namespace file that is not there."),
    "output-too-early": ("warning", "An expression reads outputs of a task that runs later, or its own."),
    "unknown-attribute": ("warning", "The task type declares outputs, but not this one."),
    "expression-finding": ("warning", "An expression does something that is rarely meant."),
    "deprecated-type": ("warning", "The type still works, but has a successor."),
    "deprecated-property": ("warning", "The property still works, but has a successor."),
    "older-property": ("info", "The property has a successor, but does all it ever did before Kestra 2.0, and here."),
    "old-spelling": ("info", "An older spelling of a property; it is read as the current one."),
    "renamed-type": ("info", "An older name of a type; it is read as the current one."),
    "runs-elsewhere": ("info", "The type is known, but runs on a Kestra server only."),
    "perhaps-misspelled": ("warning", "The type would run on a server, but looks like a slip of a local one."),
    "removed-in": ("info", "The type or property is gone from a newer Kestra."),
    "every-execution": ("warning", "A Flow trigger without conditions starts the flow for every execution there is."),
    "ignored": ("info", "The property is read, but has no effect on one machine."),
}


def severity_of(code: str) -> Severity:
    """The severity of a code; raises KeyError for a code that is not in the table."""
    return CODES[code][0]


def reference() -> str:
    """The text of `docs/diagnostics.md`."""
    lines = [
        "# Diagnostics", "",
        "What `podium validate` and the editor can say about a flow. A flow with an error cannot be run;",
        "warnings and infos do not keep it from running. This page is made from the table in `podium.model.codes`.",
        "", "| code | severity | meaning |", "|---|---|---|",
    ]  # fmt: skip
    lines += [f"| `{code}` | {severity} | {meaning} |" for code, (severity, meaning) in sorted(CODES.items())]
    return "\n".join(lines) + "\n"
