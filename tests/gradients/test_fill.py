"""Filling `.grad` without and with an ordinary backward pass; two processes against one."""

import subprocess
import sys
from pathlib import Path

import torch
from tests.gradients.loops import Inverse
from tests.gradients.networks import network

from sharewise.gradients import backward


def test_both_ways_fill_the_same(monkeypatch):
    net, x, task = network("norms")
    backward(net.own_losses(x, task), Inverse(), task=net, rows=task)
    first = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    backward(net.own_losses(x, task), Inverse(), task=net, rows=task, reduce=lambda rows: rows)
    for p, grad in zip(net.parameters(), first, strict=True):
        torch.testing.assert_close(p.grad, grad, rtol=1e-9, atol=1e-12)


def test_two_processes_equal_one():
    program = Path(__file__).with_name("ranks.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["equal"] * 8  # two ranks; shared rows and rows of one task; plain and wrapped by DDP
