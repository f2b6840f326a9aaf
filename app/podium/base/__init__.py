"""The few things everyone needs: clean text, durations, clock and ids as ports."""
