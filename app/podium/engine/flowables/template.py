"""Template (deprecated): tasks kept elsewhere, put in the place of this task."""

from typing import Any

from podium.engine.flowable import Flowable, Opened, Opening
from podium.model.properties import prop


class Template(Flowable):
    """Stands for the tasks of a template; `args` are visible as `parent.outputs.args`."""

    type = "io.kestra.plugin.core.flow.Template"
    title = "Use the tasks of a template"
    deprecated = "templates are gone from Kestra; use a Subflow"
    removed = "1.0"

    namespace: str = prop(required=True, doc="The namespace of the template.", dynamic=False)
    templateId: str = prop(required=True, doc="The id of the template.", dynamic=False)
    args: dict[str, Any] | None = prop(doc="Values for the template.")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        args = opening.task.props.get("args")
        return Opened({"args": opening.render(args)} if args else None)
