"""Studies: checkpoints × intermediate settings × targets × seeds × recipes, as a file."""
