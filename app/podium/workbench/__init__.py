"""The Textual screens: tree, editor, runs, logs."""
