"""The job worker: what the clock sets off, and what other processes left for later."""
