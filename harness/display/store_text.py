"""The results of checking and of pruning a store, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.pipeline.store.store import Store
    from harness.pipeline.store.upkeep import Findings, Pruning


def findings_text(found: Findings, where: str) -> str:
    """Return a line for each broken step, then a summary."""
    lines = [f"broken: {one.name or 'a step'}, {one.folder}: {one.what}" for one in found.broken]
    whole = found.steps - found.pruned - len(found.broken)
    lines.append(
        f"{found.steps} steps in {where}: {whole} whole, {found.pruned} pruned,"
        f" {len(found.broken)} broken; beside them {found.states} unfinished trainings"
        f" ({_size(found.states_bytes)}), {found.locks} lock files,"
        f" {found.aside} folders left aside"
    )
    if found.broken:
        lines.append("the next run that needs a broken step does it again")
    return "\n".join(lines)


def pruning_text(found: Pruning, *, apply: bool) -> str:
    """Return a line for each training or embedding to remove, then their total and what is kept."""
    lines = [f"{step.name}: {_size(size)}" for step, size in found.going]
    size = _size(sum(size for _, size in found.going))
    trained = sum(step.kind == "train" for step, _ in found.going)
    count = f"{trained} trained encoders"
    if len(found.going) > trained:
        count += f" and {len(found.going) - trained} files of embeddings"
    if not found.going:
        lines.append("nothing to remove")
    elif apply:
        lines.append(f"removed: {count}, {size}")
    else:
        lines.append(f"dry run: {count}, {size}, would go; --apply removes them")
    rest = [f"{found.read} that unfinished steps read"] if found.read else []
    if found.others:
        rest.append(f"{found.others} of no study named here ({_size(found.others_bytes)})")
    if rest:
        lines.append(f"kept: {', '.join(rest)}")
    return "\n".join(lines)


def place_text(store: Store) -> str:
    """Return where a store's files are; for a store at a URL, its mirror."""
    if store.address == str(store.root):
        return store.address
    return f"{store.root} (the mirror of {store.address} on this machine)"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
