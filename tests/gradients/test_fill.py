"""Filling `.grad` without and with an ordinary backward pass; two processes against one."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.gradients.loops import Inverse, assert_equals_loop
from tests.gradients.networks import network

from sharewise.gradients import backward


@pytest.mark.parametrize("separate", [True, False])
@pytest.mark.parametrize("name", ["norms", "attention", "experts", "convolutions, group norm", "cell"])
def test_a_reduction_takes_forms_that_add_up_over_ranks(name, separate):
    net, x, task = network(name)
    rows = task if separate and name != "attention" else None  # a table is averaged as a whole
    assert_equals_loop(
        lambda: net.own_losses(x, task),
        lambda losses: backward(losses, Inverse(), task=net, rows=rows, reduce=lambda rows: rows.clone()),
        list(net.trunk.parameters()),
        [net.heads],
    )


def test_two_processes_equal_one():
    program = Path(__file__).with_name("ranks.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["equal"] * 8  # two ranks; shared rows and rows of one task; plain and wrapped by DDP
