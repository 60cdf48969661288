"""The kinds of steps: key and work together."""
