"""Template (gone from Kestra): tasks that a server kept elsewhere, put in the place of this task."""

from typing import Any

from podium.engine.flowable import Flowable, FlowableError, Opened, Opening
from podium.model.properties import prop


class Template(Flowable):
    """Stood for the tasks of a template. There are no templates here, so the task fails as on a server without it."""

    type = "io.kestra.plugin.core.flow.Template"
    title = "Use the tasks of a template"
    deprecated = "templates are gone from Kestra, and there are none here: use a Subflow"
    removed = "1.0"

    namespace: str = prop(required=True, doc="The namespace of the template.", dynamic=False)
    templateId: str = prop(required=True, doc="The id of the template.", dynamic=False)
    args: dict[str, Any] | None = prop(doc="Values for the template.")

    @classmethod
    def open(cls, opening: Opening) -> Opened:
        props = opening.task.props
        raise FlowableError(f"Can't find flow template '{props.get('namespace')}.{props.get('templateId')}'")
