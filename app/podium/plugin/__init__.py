"""The public API for task, trigger and condition types."""
