"""Training: one operation for intermediate tasks and targets."""
