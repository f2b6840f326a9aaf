"""Podium authors and runs Kestra-format flows on one machine."""

__version__ = "0.1.0"
