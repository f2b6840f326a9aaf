"""The filters of the language, grouped by what they work on."""
