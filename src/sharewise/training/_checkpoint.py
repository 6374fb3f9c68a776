"""Checkpoints that are whole or absent."""

import io
from pathlib import Path
from typing import Any

import torch

from sharewise.training._whole import whole_file


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
    content = io.BytesIO()
    torch.save(state, content)  # PyTorch hides what went wrong with a file of its own
    with whole_file(path) as draft:
        draft.write_bytes(content.getbuffer())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing in it is executed.

    Raises:
        FileNotFoundError: there is none.
    """
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state
