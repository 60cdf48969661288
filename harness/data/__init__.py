"""Sources of examples: a folder in XTREME's layout, the hub, the packaged data."""
