"""What tests of several rooms use."""

import pytest


class Noted:
    """A progress that notes what it is told."""

    def __init__(self):
        self.said, self.parts, self.done = [], {}, 0

    def start(self, what, total):
        self.parts[what] = total

    def advance(self, done):
        self.done += done

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def noted():
    return Noted()
