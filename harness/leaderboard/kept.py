"""What was worked out before, kept in the user's cache by what it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import places
from harness.data.files import digest_of, write_text


def kept(made_of: Any, make: Callable[[], Any], slot: str = "") -> Any:
    """Return JSON values from the cache, made and kept there if they are not.

    Args:
        made_of: JSON values of all that they depend on, versions of code too.
        make: Makes them; must give what JSON gives back.
        slot: Where to keep them in place of those before, for what is large; "" beside them.
    """
    digest = digest_of(made_of)
    path = places.cache() / "boards" / f"{slot or digest}.json"
    known = _read(path)
    if isinstance(known, dict) and known.get("of") == digest:
        return known["value"]
    value = make()
    write_text(json.dumps({"of": digest, "value": value}, ensure_ascii=False), path)
    return value


def _read(path: Path) -> Any:
    """Return a file's JSON values, None if it is missing or was cut off."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
