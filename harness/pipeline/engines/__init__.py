"""Engines run a plan's steps; results do not depend on the engine."""
