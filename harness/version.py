"""The version of the harness, which is written into its records."""

__version__ = "0.1.0"
