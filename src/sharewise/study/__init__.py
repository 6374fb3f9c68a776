"""The study: what sharing does for each task, as evidence, a report and a model."""

from sharewise.runs import Progress
from sharewise.study._advice import Advice, advice
from sharewise.study._causes import cause_of, diagnosis_headline, hint_commands, next_command, verdict
from sharewise.study._commands import reworded
from sharewise.study._diagnosis import diagnosis
from sharewise.study._diagnosis_report import write_diagnosis
from sharewise.study._grouping_report import write_grouping_report
from sharewise.study._grouping_words import choice_sentence, equal_sentence, sure_sentence, tasks_sentence, title_of
from sharewise.study._next import NextRun, groups_of, next_run
from sharewise.study._plan import SETTINGS, check_study
from sharewise.study._protocol import Protocol
from sharewise.study._report import write_report
from sharewise.study._sentences import headline
from sharewise.study._study import Study, study
from sharewise.study._summary import Summary, TaskSummary

__all__ = [
    "study",
    "Study",
    "Protocol",
    "Progress",
    "Summary",
    "TaskSummary",
    "write_report",
    "write_grouping_report",
    "sure_sentence",
    "choice_sentence",
    "equal_sentence",
    "tasks_sentence",
    "title_of",
    "headline",
    "advice",
    "Advice",
    "next_run",
    "groups_of",
    "NextRun",
    "check_study",
    "SETTINGS",
    "diagnosis",
    "write_diagnosis",
    "diagnosis_headline",
    "cause_of",
    "verdict",
    "next_command",
    "hint_commands",
    "reworded",
]
