"""Makes it happen: runner process, worker threads, process groups, timers."""
