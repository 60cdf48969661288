"""The import name of the folder ``tasks/``, so that no file of a user's named tasks is in its way.

The wheel has the folder under this name; in a checkout this module stands for it.
"""

from pathlib import Path

__path__ = [str(Path(__file__).with_name("tasks"))]
