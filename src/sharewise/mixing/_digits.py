"""Real data that come with scikit-learn: 1,797 handwritten digits."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.datasets import load_digits

from sharewise._core import ROLES, Batch, Split
from sharewise.mixing._arrays import from_arrays
from sharewise.mixing._splits import random_split
from sharewise.mixing._strata import shuffled
from sharewise.mixing._tensors import Tensors
from sharewise.tasks import Binary, Multiclass, Regression, Task

_FINE = 4  # how much finer than the image the stroke is measured
_CANVAS = 12


def digits() -> Tensors:
    """Handwritten digits seen coarsely: five tasks of three kinds.

    The optical digits of the UCI repository (E. Alpaydin and C. Kaynak), as they come with scikit-learn: 1,797 images
    of 8 x 8 pixels. The network sees the mean of each 2 x 2 block, 16 numbers from 0 to 1; the targets come from the
    full image and its label:

    - `digit` (multiclass): the digit, 0 to 9;
    - `parity` (binary): 1 if the digit is odd;
    - `big` (binary): 1 if the digit is 5 or more;
    - `slant` (regression): the angle in degrees by which the strokes lean to the right, atan(-m11 / m02) of the second
      central moments of the ink, with y pointing down;
    - `stroke` (regression): the width of the stroke in pixels, 4 times the mean distance of the ink to its border, in
      the image interpolated to 4 times its resolution, with ink where it is darker than half.

    Returns:
        1,797 rows; a random split for each replicate, stratified by the digit.

    Example:
        >>> data = digits()
        >>> len(data), data.raw.inputs.shape, [task.name for task in data.tasks]
        (1797, torch.Size([1797, 16]), ['digit', 'parity', 'big', 'slant', 'stroke'])
    """
    images, label = _images()
    tasks = [
        Task("digit", Multiclass(10)),
        Task("parity", Binary()),
        Task("big", Binary()),
        Task("slant", Regression()),
        Task("stroke", Regression()),
    ]
    targets = {
        "digit": label,
        "parity": label % 2,
        "big": label // 5,
        "slant": _slant(images),
        "stroke": np.array([_stroke(image) for image in images]),
    }
    coarse = images.reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(-1, 16)
    return Tensors(*from_arrays(coarse, targets, tasks=tasks), name="digits")


def multidigits(n: int = 5000, *, seed: int = 0) -> Tensors:
    """Two handwritten digits overlaid in one image: which is the left one, which the right one?

    The classical two-task benchmark (Sabour et al. 2017; Sener and Koltun 2018), made from the images of `digits`. A
    left digit is drawn in columns 0 to 7 of a canvas of 12 x 12 and a right one in columns 4 to 11, each at a height
    chosen at random; where they overlap the darker of the two counts.

    The images are divided among the four roles first, stratified by digit, and a pair is made of two images of one
    role: no image of a training pair occurs in any other role. So the split is fixed, the same for every replicate.

    Args:
        n: number of pairs, divided among the roles as `FRACTIONS` says.
        seed: names the division, the pairs and their places.

    Returns:
        n rows: inputs [n, 1, 12, 12] from 0 to 1; tasks `left` and `right`, each of ten classes.

    Raises:
        InputError: fewer pairs than roles.

    Example:
        >>> data = multidigits(20)
        >>> data.raw.inputs.shape, data.split(0).sizes
        (torch.Size([20, 1, 12, 12]), {'train': 12, 'valid': 2, 'select': 2, 'test': 4})
    """
    images, label = _images()
    pools = random_split(len(images), strata=torch.from_numpy(label), seed=seed)
    sizes = random_split(n).sizes
    split = Split(*torch.arange(n).split_with_sizes([sizes[role] for role in ROLES]))
    pairs = np.concatenate([_pairs(pools.rows(role).numpy(), len(split.rows(role)), seed, role) for role in ROLES])
    canvas = _overlay(images, pairs, seed)
    tasks = [Task("left", Multiclass(10)), Task("right", Multiclass(10))]
    classes = torch.from_numpy(label[pairs])
    batch = Batch(torch.from_numpy(canvas).float().unsqueeze(1), {"multiclass": classes})
    return Tensors(batch, tasks, name="multidigits", split=split)


def _images() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All images [1797, 8, 8] from 0 (paper) to 1 (ink), and their digits."""
    pixels, label = load_digits(return_X_y=True)
    return pixels.reshape(-1, 8, 8) / 16.0, label.astype(np.int64)


def _slant(images: NDArray[np.float64]) -> NDArray[np.float64]:
    y, x = np.mgrid[: images.shape[1], : images.shape[2]]
    ink = images / images.sum((1, 2), keepdims=True)
    across = x - (ink * x).sum((1, 2), keepdims=True)
    down = y - (ink * y).sum((1, 2), keepdims=True)
    return np.degrees(np.arctan(-(ink * across * down).sum((1, 2)) / (ink * down**2).sum((1, 2))))


def _stroke(image: NDArray[np.float64]) -> float:
    # A point in a straight band of width w is w / 4 from its border on average; distances are to the middle of the next
    # point without ink, half a point behind the border.
    fine = ndimage.zoom(np.pad(image, 1), _FINE, order=1, mode="nearest", grid_mode=True)
    distance = ndimage.distance_transform_edt(fine > 0.5)
    return float(4.0 * (distance[fine > 0.5].mean() - 0.5) / _FINE)


def _pairs(pool: NDArray[np.int64], count: int, seed: int, role: str) -> NDArray[np.int64]:
    """Pairs of images of a pool, each side going through the whole pool before an image returns: [count, 2]."""
    passes = -(-count // len(pool))
    sides = [
        np.concatenate([pool[shuffled(len(pool), seed, role, side, number)] for number in range(passes)])[:count]
        for side in ("left", "right")
    ]
    return np.stack(sides, 1)


def _overlay(images: NDArray[np.float64], pairs: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    size = images.shape[1]
    free = _CANVAS - size
    canvas = np.zeros((len(pairs), _CANVAS, _CANVAS))
    row = np.arange(len(pairs))[:, None, None]
    for side, column in enumerate((0, free)):
        top = shuffled(len(pairs), seed, "height", side) % (free + 1)
        place = row, top[:, None, None] + np.arange(size)[:, None], column + np.arange(size)
        canvas[place] = np.maximum(canvas[place], images[pairs[:, side]])
    return canvas
