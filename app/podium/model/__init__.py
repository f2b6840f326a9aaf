"""What a flow says: YAML with positions, typed model, dialects, diagnostics."""
