"""Studies: checkpoints x intermediate settings x targets x seeds x recipes, as a file."""
