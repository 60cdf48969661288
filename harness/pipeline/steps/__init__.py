"""The kinds of steps, each with its key and its work."""
