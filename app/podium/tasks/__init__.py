"""What each task type does, on the same public API as third-party ones."""
