"""Submissions: what a run leaves, how it is read and scored."""
