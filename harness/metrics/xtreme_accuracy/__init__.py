"""The ``evaluate`` module xtreme_accuracy; see `harness.metrics`."""
