"""The condition types of triggers and listeners (semantics 9.10).

What they are evaluated with: `trigger.date` for dates; `flow`, `execution`, `labels` and `trigger.outputs` of the
execution that a Flow trigger or listener looks at, with `taskruns`, a list of task runs as the API shows them; and
`listeningFlow`, the flow that has the trigger.
"""
