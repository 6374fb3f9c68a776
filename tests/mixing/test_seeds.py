import subprocess
import sys

import torch

from sharewise.mixing._seeds import seeded


def test_another_process_draws_the_same_numbers():
    program = (
        "import torch; from sharewise.mixing._seeds import seeded\n"
        "print(torch.rand(3, generator=seeded(5, 'x')).tolist())"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == str(torch.rand(3, generator=seeded(5, "x")).tolist())


def test_parts_are_told_apart():
    names = [(0, 1), (1, 0), (0, 11), (0, "1a"), (-1, 1), ("0", "1", "")]
    draws = {torch.rand(2, generator=seeded(*name), dtype=torch.float64)[0].item() for name in names}
    assert len(draws) == len(names)


def test_the_global_generator_is_left_alone():
    torch.manual_seed(0)
    wanted = torch.rand(1)
    torch.manual_seed(0)
    torch.rand(5, generator=seeded(1))
    assert torch.equal(torch.rand(1), wanted)
