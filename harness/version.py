"""The version, which records of what was run carry."""

__version__ = "0.1.0"
