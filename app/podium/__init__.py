"""Podium authors and runs Kestra-format flows on one machine."""
