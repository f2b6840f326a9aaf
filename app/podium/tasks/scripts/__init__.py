"""Tasks that run programs: one implementation, a table of languages, and what is particular to Python."""
