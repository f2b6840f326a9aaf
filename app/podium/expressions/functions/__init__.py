"""The functions of the language, grouped by what they need."""
