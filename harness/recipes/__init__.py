"""Recipes: hyper-parameters as typed TOML files.

A recipe has a table ``[default]``, and may have ``[format."<name>"]``, ``[training.<set>]`` and
``[intermediate.<set>]`` tables, of which the later ones override the earlier. Every key is a field
of Settings, or one of the format's own settings.
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
