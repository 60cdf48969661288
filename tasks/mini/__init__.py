"""mini: all nine tasks in seven languages, written for this project; small enough to try."""
