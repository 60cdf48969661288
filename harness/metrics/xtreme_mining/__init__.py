"""The ``evaluate`` module xtreme_mining; see `harness.metrics`."""
