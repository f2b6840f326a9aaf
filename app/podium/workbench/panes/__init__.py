"""The panes of the workbench: namespace tree, editor, runs."""
