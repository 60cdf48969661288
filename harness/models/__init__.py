"""Checkpoints, training, inference: everything that holds weights."""
