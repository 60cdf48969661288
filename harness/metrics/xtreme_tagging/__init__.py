"""The ``evaluate`` module xtreme_tagging; see `harness.metrics`."""
