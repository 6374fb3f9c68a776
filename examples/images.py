"""A study of your own network on images: two digits overlaid in one; do the tasks help each other?

python examples/images.py
"""

from torch import nn

from sharewise.mixing import multidigits
from sharewise.study import Protocol, Study, headline, study


class Trunk(nn.Sequential):
    """From images [N, 1, 12, 12] to features [N, 64]."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 5 * 5, 64),
            nn.ReLU(),
        )


def main(images: int = 3000, *, out: str = "runs/images", protocol: Protocol | None = None) -> Study:
    """Study both tasks; takes some minutes."""
    result = study(multidigits(images), out, trunk=Trunk, protocol=protocol or Protocol(trials=2, steps=600))
    for task in result.summary.tasks:
        print(f"{task.name:6} alone {task.alone:.3f}  together {task.together:.3f}  {task.verdict}")
    print(headline(result.summary))
    print(f"{out}/report.html")
    return result


if __name__ == "__main__":  # worker processes import this file
    main()
