"""The {{ }} language: lexer, parser, compiler and one registry of filters, functions and tests."""
