"""Submissions: the record of a run, and the scoring of predictions."""
