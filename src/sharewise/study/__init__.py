"""The study: what sharing does for each task, as evidence, a report and a model."""

from sharewise.study._plan import SETTINGS, check_study
from sharewise.study._protocol import Protocol
from sharewise.study._report import write_report
from sharewise.study._sentences import Advice, advice, headline
from sharewise.study._study import Progress, Study, study
from sharewise.study._summary import Summary, TaskSummary

__all__ = [
    "study",
    "Study",
    "Protocol",
    "Progress",
    "Summary",
    "TaskSummary",
    "write_report",
    "headline",
    "advice",
    "Advice",
    "check_study",
    "SETTINGS",
]
