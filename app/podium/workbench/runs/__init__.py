"""Executions on the screen: the list of runs, one run in detail, starting and changing runs."""
