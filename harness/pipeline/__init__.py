"""Everything that runs is a step: planned, keyed by what decides it, stored, resumed."""
