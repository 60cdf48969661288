"""Writes the packaged sentences of the mini benchmark from the texts in ``authored/``."""
