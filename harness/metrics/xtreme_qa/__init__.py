"""The ``evaluate`` module xtreme_qa; see `harness.metrics`."""
