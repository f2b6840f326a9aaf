"""What the lower part of a run's screen shows: the names of its tabs and the widgets behind them."""

from typing import Literal

Tab = Literal["log", "script", "all", "outputs", "inputs", "topology", "metrics", "environment", "flow"]

TABS: tuple[Tab, ...] = ("log", "script", "all", "outputs", "inputs", "topology", "metrics", "environment", "flow")
NAMES: dict[Tab, str] = {
    "log": "Log", "script": "Script", "all": "All", "outputs": "Outputs", "inputs": "Inputs", "topology": "Topology",
    "metrics": "Metrics", "environment": "Environment", "flow": "Flow as it ran",
}  # fmt: skip
SHORT: dict[Tab, str] = NAMES | {"outputs": "Out", "inputs": "In", "environment": "Env", "flow": "Flow"}
"""For narrow terminals."""
WIDGETS: dict[Tab, str] = {
    "log": "run-log", "script": "run-log", "all": "run-log", "outputs": "run-all-outputs", "inputs": "run-inputs",
    "topology": "run-topology", "metrics": "run-metrics", "environment": "run-environment", "flow": "run-flow",
}  # fmt: skip
