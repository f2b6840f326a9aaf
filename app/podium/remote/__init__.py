"""Talks to a Kestra server."""
