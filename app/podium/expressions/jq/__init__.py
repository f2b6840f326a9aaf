"""jq for the `jq` filter: its own parser and evaluator, bounded in time and size, without native code."""
