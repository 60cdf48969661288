"""Everything that runs is a step: planned, keyed by what decides its result, stored, resumed."""
