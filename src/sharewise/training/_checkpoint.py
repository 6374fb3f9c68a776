"""Checkpoints that are whole or absent."""

import io
import os
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint at once: a reader sees the old file or the new one, never a part.

    Args:
        path: the file; its folder is made.
        state: tensors, numbers and texts, nested.

    Raises:
        OSError: the disk is full, or may not be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "last.pt"
        >>> save_checkpoint(path, {"step": 3})
        >>> load_checkpoint(path)
        {'step': 3}
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    content = io.BytesIO()
    torch.save(state, content)  # PyTorch hides what went wrong with a file of its own
    try:
        draft.write_bytes(content.getbuffer())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing in it is executed.

    Raises:
        FileNotFoundError: there is none.
    """
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state
