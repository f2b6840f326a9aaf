"""Reading the document of a flow: its blocks, and what has to be true of all of it together."""

from typing import Any

from podium.base.durations import parse_duration
from podium.model import flow_rules
from podium.model.defaults import DefaultNode, Defaults
from podium.model.findings import Findings
from podium.model.flow import Check, Concurrency, Flow, Listener, PluginDefault, Sla
from podium.model.grammar import CHECK, CONCURRENCY, FLOW, LISTENER, PLUGIN_DEFAULT
from podium.model.ids import DOTTED, NAMESPACE, PLAIN, check_id
from podium.model.labels import read_labels
from podium.model.marked_yaml import Document, MapNode, Node, ScalarNode, is_null
from podium.model.read_inputs import InputReader
from podium.model.read_tasks import TaskReader
from podium.model.read_triggers import TriggerReader
from podium.model.reading import Found, Reader
from podium.model.retries import read_retry
from podium.model.scalars import plain_value
from podium.model.schema import Catalog
from podium.model.shapes import shape_of, shape_of_type

_FLOW = shape_of(FLOW)
_CHECK = shape_of(CHECK)
_CONCURRENCY = shape_of(CONCURRENCY)
_LISTENER = shape_of(LISTENER)
_DEFAULT = shape_of(PLUGIN_DEFAULT)
_ENTERPRISE = ("quotas", "workerSelector")
_IGNORED = ("extend", "revision", "deleted", "tenantId", "policyRefs", "updated", "source", "draft")


def read_flow(document: Document, catalog: Catalog, findings: Findings, outer: tuple[DefaultNode, ...]) -> Flow | None:
    """The flow that a document holds; None when it is none, or lacks an id or a namespace."""
    root = document.root
    if not isinstance(root, MapNode) or not root.entries:
        message = "A flow is a map with at least `id`, `namespace` and `tasks`."
        place: Any = root if root is not None else flow_rules.START
        findings.add("not-a-flow", message, place, "")
        return None
    return _FlowReader(catalog, findings, outer).read(root, document.text)


class _FlowReader:
    def __init__(self, catalog: Catalog, findings: Findings, outer: tuple[DefaultNode, ...]) -> None:
        self._findings = findings
        self._outer = outer
        self._reader = Reader(catalog, findings, Defaults((), str))

    def read(self, root: MapNode, source: str) -> Flow | None:
        reader, findings = self._reader, self._findings
        found = reader.found(root, _FLOW, "")
        nodes: dict[str, Node] = {name: entry.value for name, (_, entry) in found.items()}
        defaults, own = self._defaults(nodes.get("pluginDefaults"), "pluginDefaults")
        reader.defaults = Defaults((*own, *self._outer), reader.types.canonical)
        simple = reader.values({n: p for n, p in found.items() if n in ("description", "disabled", "variables")}, "")
        flow_id = check_id(nodes["id"], DOTTED, "id", findings, 100) if "id" in nodes else None
        namespace = (
            check_id(nodes["namespace"], NAMESPACE, "namespace", findings, 150) if "namespace" in nodes else None
        )
        if flow_id is not None:
            flow_rules.check_reserved(flow_id, nodes["id"], findings)
        labels = read_labels(nodes.get("labels"), "labels", findings)

        tasks, triggers, inputs = TaskReader(reader), TriggerReader(reader), InputReader(reader)
        input_ids: list[flow_rules.Named] = []
        output_ids: list[flow_rules.Named] = []
        read_inputs = inputs.inputs(nodes.get("inputs"), "inputs", input_ids)
        read_outputs = inputs.outputs(nodes.get("outputs"), "outputs", output_ids)
        blocks = {
            name: tasks.tasks(nodes.get(name), name, required=name == "tasks")
            for name in ("tasks", "errors", "finally", "afterExecution")
        }
        listeners = self._listeners(nodes.get("listeners"), tasks, triggers)
        read_triggers = triggers.triggers(nodes.get("triggers"), "triggers")

        flow_rules.check_unique(tasks.seen, "task id", findings)
        flow_rules.check_unique(triggers.seen, "trigger id", findings)
        flow_rules.check_unique(input_ids, "input", findings)
        flow_rules.check_unique(output_ids, "output", findings)
        flow_rules.check_unique(triggers.preconditions, "preconditions", findings, "id")
        flow_rules.check_dependencies(read_inputs, nodes.get("inputs"), findings)
        self._remarks(found)
        flow = Flow(
            id=flow_id or "",
            namespace=namespace or "",
            tasks=blocks["tasks"],
            errors=blocks["errors"],
            finally_=blocks["finally"],
            after_execution=blocks["afterExecution"],
            listeners=listeners,
            inputs=read_inputs,
            outputs=read_outputs,
            variables=simple.get("variables") or {},
            labels=labels,
            triggers=read_triggers,
            plugin_defaults=defaults,
            concurrency=self._concurrency(nodes.get("concurrency")),
            retry=read_retry(reader, nodes.get("retry"), "retry"),
            sla=self._slas(nodes.get("sla")),
            checks=self._checks(nodes.get("checks")),
            disabled=simple.get("disabled", False),
            description=simple.get("description") or "",
            source=source,
            dialect="2.x" if reader.newer or flow_rules.uses_newer(blocks) else "1.x",
        )
        flow_rules.check_recursion(flow, findings)
        if flow.dialect == "2.x":
            findings.recode("older-property", "deprecated-property")
        return flow if flow_id is not None and namespace is not None else None

    def _defaults(self, node: Node | None, path: str) -> tuple[tuple[PluginDefault, ...], list[DefaultNode]]:
        """The plugin defaults of the flow, as values and as trees."""
        reader, findings = self._reader, self._findings
        defaults: list[PluginDefault] = []
        trees: list[DefaultNode] = []
        for index, item in enumerate(reader.items_of(node, path, "the plugin defaults")):
            place = f"{path}[{index}]"
            given = reader.map_of(item, place, "a plugin default")
            if given is None:
                continue
            found = reader.found(given, _DEFAULT, place)
            values = found["values"][1].value if "values" in found else None
            name = found["type"][1].value if "type" in found else None
            if not isinstance(name, ScalarNode):
                message = "Invalid Plugin Default: No 'type' provided. Name a type, or the beginning of type names."
                findings.add("plugin-default", message, given.entries[0].key if given.entries else given, place)
            if not isinstance(values, MapNode):
                message = "Invalid Plugin Default: No 'values' provided. Give a map of property values."
                findings.add(
                    "plugin-default", message, values or given.entries[0].key if given.entries else given, place
                )
            if not isinstance(name, ScalarNode) or not isinstance(values, MapNode):
                continue
            self._check_default(name, values, f"{place}.values")
            forced = reader.values({n: p for n, p in found.items() if n == "forced"}, place).get("forced", False)
            current = reader.types.canonical(name.text)
            defaults.append(PluginDefault(current, plain_value(values), forced))
            trees.append(DefaultNode(current, values, forced))
        return tuple(defaults), trees

    def _check_default(self, name: ScalarNode, values: MapNode, path: str) -> None:
        reader = self._reader
        decl = reader.catalog.find(name.text)
        shape = shape_of_type(decl) if decl is not None and decl.local else None
        for entry in values.entries:
            key = entry.key.text
            message = None
            if is_null(entry.value):
                message = f"Invalid Plugin Default: No value provided for key '{key}'. Give a value or delete the key."
            elif shape is not None and key not in shape.known and not shape.open:
                message = (
                    f"Invalid Plugin Default: No property '{key}' exists in plugin '{name.text}'."
                    f"{reader.suggestion(key, shape)}"
                )
            elif shape is not None and key in shape.known:
                self._check_default_value(shape.known[key], entry, path)
            if message is not None:
                reader.findings.add("plugin-default", message, entry.key, f"{path}.{key}")

    def _check_default_value(self, decl: Any, entry: Any, path: str) -> None:
        if decl.type.kind in ("task", "tasks", "cases", "dag", "polymorphic"):
            return
        self._reader.value_of(decl, entry, path)

    def _listeners(self, node: Node | None, tasks: TaskReader, triggers: TriggerReader) -> tuple[Listener, ...]:
        listeners: list[Listener] = []
        for index, item in enumerate(self._reader.items_of(node, "listeners", "the listeners")):
            place = f"listeners[{index}]"
            given = self._reader.map_of(item, place, "a listener")
            if given is None:
                continue
            found = self._reader.found(given, _LISTENER, place)
            conditions = found["conditions"][1].value if "conditions" in found else None
            listeners.append(
                Listener(
                    tasks=tasks.tasks(found["tasks"][1].value if "tasks" in found else None, f"{place}.tasks", True),
                    conditions=triggers.conditions(conditions, f"{place}.conditions") if conditions else (),
                    description=given.text("description") or "",
                )
            )
        return tuple(listeners)

    def _concurrency(self, node: Node | None) -> Concurrency | None:
        given = self._reader.map_of(node, "concurrency", "`concurrency`")
        if given is None:
            return None
        found = self._reader.found(given, _CONCURRENCY, "concurrency")
        values = self._reader.values(found, "concurrency")
        limit = values.get("limit")
        if limit is None:
            return None
        if limit < 1:
            message = "concurrency.limit: must be greater than 0."
            self._findings.add("invalid-value", message, found["limit"][1].value, "concurrency.limit")
            return None
        return Concurrency(limit, values.get("behavior", "QUEUE"))

    def _slas(self, node: Node | None) -> tuple[Sla, ...]:
        reader = self._reader
        slas: list[Sla] = []
        for index, item in enumerate(reader.items_of(node, "sla", "`sla`")):
            place = f"sla[{index}]"
            given = reader.map_of(item, place, "an SLA")
            decl = reader.types.find(given, "sla", place) if given is not None else None
            if given is None or decl is None:
                continue
            found = reader.found(given, shape_of_type(decl), place)
            sla_id = check_id(found["id"][1].value, PLAIN, f"{place}.id", self._findings) if "id" in found else None
            values = reader.values({n: p for n, p in found.items() if n not in ("id", "type", "labels")}, place)
            labels = read_labels(
                found["labels"][1].value if "labels" in found else None, f"{place}.labels", self._findings
            )
            if sla_id is None or "behavior" not in values:
                continue
            duration = values.get("duration")
            slas.append(
                Sla(
                    id=sla_id,
                    type=decl.name,  # type: ignore[arg-type] # the names of SLA_TYPES
                    behavior=values["behavior"],
                    duration=None if duration is None else parse_duration(duration),
                    assertion=values.get("assert"),
                    labels=labels,
                )
            )
        return tuple(slas)

    def _checks(self, node: Node | None) -> tuple[Check, ...]:
        checks: list[Check] = []
        for index, item in enumerate(self._reader.items_of(node, "checks", "the checks")):
            place = f"checks[{index}]"
            given = self._reader.map_of(item, place, "a check")
            if given is None:
                continue
            values = self._reader.values(self._reader.found(given, _CHECK, place), place)
            if "condition" in values:
                checks.append(
                    Check(
                        condition=str(values["condition"]),
                        message=str(values.get("message") or ""),
                        style=values.get("style", "INFO"),
                        behavior=values.get("behavior", "BLOCK_EXECUTION"),
                    )
                )
        return tuple(checks)

    def _remarks(self, found: Found) -> None:
        for name, (_, entry) in found.items():
            if name in _IGNORED:
                message = f"`{name}` is read, but has no effect here."
                self._findings.add("ignored", message, entry.key, name)
            elif name in _ENTERPRISE:
                message = f"`{name}` exists in the Enterprise Edition only; it has no effect here."
                self._findings.add("enterprise-only", message, entry.key, name)
            elif name == "workerGroup" and isinstance(entry.value, MapNode) and entry.value.get("key") is not None:
                self._reader.worker_group(entry.key, name)
