"""What is kept: journals, logs, index, files, key-values, secrets."""
