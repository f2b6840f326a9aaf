"""The screens of the workbench itself; those of single runs are in `podium.workbench.runs`."""
