"""What the user sees: tables and progress."""
