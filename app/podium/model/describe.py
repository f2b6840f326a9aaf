"""Documentation as text, from the declarations: what hover and the completion list show."""

from typing import Any

from podium.expressions.entries import Entry
from podium.expressions.values import to_output
from podium.model.grammar import properties_of
from podium.model.schema import OutputDecl, PropertyDecl, PropType, TypeDecl

_KINDS = {
    "int": "integer", "float": "number", "bool": "boolean", "duration": "duration (PT30S, P1D)",
    "datetime": "date and time", "any": "anything", "expression": "expression", "task": "task",
    "tasks": "list of tasks", "cases": "map of lists of tasks", "dag": "list of `task` and `dependsOn`",
}  # fmt: skip
_FAMILIES = {"taskRunner": "task runner", "sla": "SLA"}


def type_text(of: PropType, quote: str = "") -> str:
    """The type in a few words: `list of strings`, `boolean`, `one of QUEUE, CANCEL, FAIL`; choices in quotes."""
    if of.kind == "enum":
        return "one of " + ", ".join(f"{quote}{choice}{quote}" for choice in of.choices)
    if of.kind == "list":
        return "list" if of.item is None or of.item.kind == "any" else f"list of {_plural(of.item, quote)}"
    if of.kind == "map":
        return "map" if of.item is None or of.item.kind == "any" else f"map of {_plural(of.item, quote)}"
    if of.kind == "union":
        return " or ".join(dict.fromkeys(type_text(option, quote) for option in of.options))
    if of.kind == "polymorphic" and of.family is not None:
        return _FAMILIES.get(of.family, of.family)
    return _KINDS.get(of.kind, of.kind)


def summary(declared: PropertyDecl) -> str:
    """What stands beside a property in a list: `string, required`."""
    words = [type_text(declared.type)]
    if declared.required:
        words.append("required")
    if declared.deprecated:
        words.append("deprecated")
    if declared.removed:
        words.append(f"gone from {declared.removed}")
    return ", ".join(words)


def of_property(declared: PropertyDecl) -> str:
    """Everything there is to say about a property."""
    lines = [f"`{declared.name}` · {summary(declared)}"]
    if declared.doc:
        lines.append(declared.doc)
    if declared.default not in (None, [], {}):
        lines.append(f"Default: `{to_output(declared.default)}`.")
    if declared.deprecated:
        lines.append(f"Deprecated: {declared.deprecated}.")
    if declared.removed:
        lines.append(f"Kestra {declared.removed} refuses it.")
    others = [f"`{name}`" for name in (*declared.also, *declared.aliases)]
    if others:
        lines.append(f"Also written {', '.join(others)}.")
    if not declared.dynamic:
        lines.append("Expressions are not rendered here.")
    elif declared.type.kind == "expression":
        lines.append("An expression in `{{ }}` is expected here.")
    return "\n".join(lines)


def of_type(decl: TypeDecl) -> str:
    """Everything there is to say about a type."""
    lines = [f"`{decl.name}`" + (f" · {decl.title}" if decl.title else "")]
    if not decl.local:
        lines.append("Runs on a Kestra server, not here; a fixture can stand in for it.")
    if decl.doc:
        lines.append(decl.doc)
    if decl.deprecated:
        lines.append(f"Deprecated: {decl.deprecated}.")
    if decl.since:
        lines.append(f"Since Kestra {decl.since}.")
    if decl.removed:
        lines.append(f"Gone from Kestra {decl.removed}; it runs here.")
    if decl.aliases:
        lines.append("Older names: " + ", ".join(f"`{alias}`" for alias in decl.aliases) + ".")
    own = [declared for declared in decl.properties if declared.name not in ("id", "type")]
    needed = [declared for declared in properties_of(decl) if declared.required and declared in own]
    if own:
        lines += ["", "Properties"]
        lines += [_row(declared.name, summary(declared), declared.doc) for declared in needed]
        lines += [
            _row(declared.name, summary(declared), declared.doc)
            for declared in own
            if declared not in needed and not declared.deprecated and declared.group not in ("ignored", "server")
        ]
    if decl.outputs:
        lines += ["", "Outputs", *(_row(output.name, type_text(output.type), output.doc) for output in decl.outputs)]
    if decl.examples:
        example = decl.examples[0]
        lines += ["", f"Example: {example.title}", *("  " + line for line in example.code.splitlines())]
    return "\n".join(lines)


def of_output(output: OutputDecl, task_id: str) -> str:
    """One output of a task, as an expression reads it."""
    text = f"`outputs.{task_id}.{output.name}` · {type_text(output.type)}"
    return f"{text}\n{output.doc}" if output.doc else text


def of_entry(entry: Entry) -> str:
    """Everything there is to say about a filter, function or test."""
    lines = [f"`{entry.signature}` · {entry.kind}", entry.doc]
    lines += [_row(param.name, "required" if param.required else param.shown, param.doc) for param in entry.params]
    if entry.example:
        lines.append(f"Example: {entry.example}")
    if entry.since:
        lines.append(f"Since Kestra {entry.since}.")
    if entry.removed:
        lines.append(f"Gone from Kestra {entry.removed}.")
    return "\n".join(line for line in lines if line)


def shortened(value: Any, limit: int = 200) -> str:
    """The text of a value, cut where it is long."""
    text = to_output(value)
    return text if len(text) <= limit else text[:limit] + "…"


def _row(name: str, remark: str, doc: str) -> str:
    head = f"- `{name}` ({remark})" if remark else f"- `{name}`"
    return f"{head}: {doc}" if doc else head


def _plural(of: PropType, quote: str) -> str:
    """What a list holds: `strings`, `lists of strings`, but `duration (PT30S, P1D)` as it is."""
    if of.kind == "enum":
        return type_text(of, quote).removeprefix("one of ")
    first, _, rest = type_text(of, quote).partition(" ")
    if of.kind == "polymorphic":
        return f"{first} {rest}s" if rest else f"{first}s"
    if of.kind not in ("string", "int", "float", "bool", "expression", "object", "map", "list"):
        return f"{first} {rest}".strip()
    return f"{first}s {rest}".strip()
