"""The parts that screens are made of: values and callables in, messages out."""
