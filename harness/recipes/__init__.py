"""Recipes: hyper-parameters as typed TOML files.

A recipe has a table ``[default]``, and may have ``[format."<name>"]``, ``[training.<set>]`` and
``[intermediate.<set>]`` tables; the later ones win. Every key is a field of Settings, or a setting
that the format brings.
"""

from harness.recipes.recipe import Recipe, check_settings, check_tables, load, recipe_names
from harness.recipes.settings import SETTINGS, Setting, Settings, read_by

__all__ = [
    "SETTINGS",
    "Recipe",
    "Setting",
    "Settings",
    "check_settings",
    "check_tables",
    "load",
    "read_by",
    "recipe_names",
]
