"""Questions that take the whole screen until they are answered."""
