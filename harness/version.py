"""The version of the harness, which is written into its records."""

__version__ = "0.1.0"
STATISTICS = 1  # increased when sums or intervals change; verified entries are then stale
