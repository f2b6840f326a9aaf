"""The flowable task types: one small class each."""
