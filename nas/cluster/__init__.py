"""Where Ray runs, how many workers there are, and how they get their jobs."""
