"""Printed tables, plans and progress."""
