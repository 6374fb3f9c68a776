"""The command `sharewise`: options and help. The rest is imported when a command runs, so that help comes at once."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sharewise.cli._options import DATA, SIZE, given, options

OUT = click.Path(path_type=Path, file_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sharewise")
def main() -> None:
    """Multi-task learning with evidence: what should your tasks share?

    `study` measures it and writes a report and a model, `diagnose` finds out why it is worse together, `group` chooses
    which tasks to train together, `fit` trains one configuration, `predict` applies a model.
    """


@main.command()
@click.argument("source", nargs=-1)
@options(DATA)
@click.option("--out", type=OUT, help="Folder of the study. The same command continues it.  [default: runs/NAME]")
@click.option(
    "--replicates",
    type=int,
    help="Paired repetitions with new splits.  [default: 10 up to 5,000 rows, else 5]",
)
@click.option("--trials", type=int, help="Settings tried for every network in every replicate.  [default: 4]")
@options(SIZE)
@click.option("--margin", type=float, help="Smallest difference that matters, as a share of the way from the constant "
              "predictor to a perfect score.  [default: 0.01]")  # fmt: skip
@click.option("--references/--no-references", default=None, help="Compare with trees and ridge models.  [default: yes]")
@click.option("--treatment", multiple=True, type=click.Choice(["shuffled", "weighted", "worst task", "none"]), help=""
              "What is compared beside alone and together, once for each.  [default: all, the control `shuffled` up to "
              "12 tasks]")  # fmt: skip
@click.option("--sharing", multiple=True, metavar="NAME", help="Further forms of sharing, at as many parameters: soft, "
              "mmoe, cgc, ple, cross_stitch, film and others.")  # fmt: skip
@click.option("--transfer/--no-transfer", default=None, help="Measure which task helps which, by pairs and by leaving "
              "tasks out.  [default: with 3 to 8 tasks]")  # fmt: skip
@click.option("--looks", type=int, help="Sequential mode: read the verdicts so often, and double the replicates in "
              "between for the tasks that are still open; each look gets a part of the level.")  # fmt: skip
@click.option("--budget", metavar="TIME", help="Fit the study into a time such as 90s, 10m or 2h; what is left out is "
              "told.")  # fmt: skip
@click.option("--device", help="Where networks are trained: cpu, cuda, ...  [default: a GPU where there is one]")
@click.option("--workers", type=int, help="Processes.  [default: as many as cores]")
@click.option("--diagnose/--no-diagnose", "diagnosed", default=None, help="Where a task is hurt, find out why at "
              "once, as `sharewise diagnose` does: several times the study's time.  [default: no]")  # fmt: skip
@click.option("--choose-groups/--no-choose-groups", default=None, help="From three tasks on: choose at once which to "
              "train together, as `sharewise group` does, into OUT-groups.  [default: no]")  # fmt: skip
@click.option("--hints", type=click.Choice(["auto", "none"]), help="Afterwards, predict important features as "
              "auxiliary tasks of the four tasks with the fewest labels: which help?  [default: none]")  # fmt: skip
@click.option("--tensorboard", is_flag=True, help="Write the records for TensorBoard too, into OUT/tensorboard.")
def study(**choices: Any) -> None:  # noqa: ANN401  # options; \b is for click
    """Measure what sharing does for each task: alone against together.

    SOURCE is a CSV or Parquet file, several files with the rows of one task each, or embedded data: `digits`,
    `multidigits`. Every task is trained alone and all are trained together, with the same settings, several times.
    Prints the scores, the difference with its interval and a verdict for each task, and writes a report and the chosen
    model. An interrupted study continues where it stopped.

    \b
    Examples:
      sharewise study digits --out runs/digits
      sharewise study people.csv --task income --task age:regression --group household
      sharewise study red.csv white.csv --task quality:regression --plan equal
    """  # noqa: D301  # an escape for click, which keeps the lines below it
    _run("study", choices)


@main.command()
@click.argument("source", nargs=-1)
@options(DATA)
@click.option("--out", type=OUT, help="Folder, a study's or a new one. The same command continues it.  "
              "[default: runs/NAME, as of a study]")  # fmt: skip
@click.option("--replicates", type=int, help="Paired repetitions.  [default: 10 up to 5,000 rows, else 5]")
@click.option("--trials", type=int, help="Settings tried for every network of every intervention.  [default: 4]")
@options(SIZE)
@click.option("--sharing", default="hard", show_default=True, metavar="NAME", help="The form of sharing that is "
              "diagnosed.")  # fmt: skip
@click.option("--sharing-option", multiple=True, metavar="NAME=VALUE", help="An argument of the form, once for each.")
@click.option("--conditions/--no-conditions", default=None, help="Look at the three conditions of sharing first: "
              "features in common, sizes of data, capacity.  [default: yes]")  # fmt: skip
@click.option("--causes/--no-causes", default=None, help="Find out why tasks are hurt.  [default: yes]")
@click.option("--benefits/--no-benefits", default=None, help="Measure what sharing gives: labels that the other tasks "
              "are worth, attention, hints, few-shot learning, regularisation; for the four tasks with the fewest "
              "labels.  [default: no, it takes about as long as a study]")  # fmt: skip
@click.option("--hints", type=click.Choice(["auto", "none"]), default=None, help="Predict important features "
              "as auxiliary tasks, and keep what helps.  [default: auto with --benefits]")  # fmt: skip
@click.option("--margin", type=float, help="Smallest harm that matters, as a share of the loss of the constant "
              "predictor.  [default: 0.01]")  # fmt: skip
@click.option("--device", help="Where networks are trained: cpu, cuda, ...  [default: a GPU where there is one]")
@click.option("--workers", type=int, help="Processes.  [default: as many as cores]")
def diagnose(**choices: Any) -> None:  # noqa: ANN401  # options; \b is for click
    """Find out by experiment why tasks are worse together, and what cures it.

    Where a task is hurt, the training is changed in one way after the other, together and alone with the same budget:
    balanced batches, weights, gradient methods, a smaller learning rate, decay, wider networks, less sharing. The share
    of the harm that each removes tells the cause. Writes `diagnosis.html`. In the folder of a finished study (same
    source, same options) the study's runs are used. Without harm nothing but the baseline is trained; where a task is
    hurt it takes several times as long as a study. Benefits take about as long as a study again.

    \b
    Examples:
      sharewise diagnose people.csv --task income --task age:regression --out runs/people
      sharewise diagnose --config runs/people/study.yaml --out runs/people
    """  # noqa: D301  # an escape for click, which keeps the lines below it
    _run("diagnose", choices)


@main.command()
@click.argument("source", nargs=-1)
@options(DATA)
@click.option(
    "--out", type=OUT, help="Folder of the grouping. The same command continues it.  [default: runs/NAME-groups]"
)
@click.option("--groups", type=click.IntRange(1), metavar="N", help="Networks at most.  [default: as many as pay]")
@click.option("--method", help="Estimator of affinities: auto, pairs, linearised, lookahead_affinity and others.  "
              "[default: auto, by the number of tasks]")  # fmt: skip
@click.option("--replicates", type=int, help="Paired repetitions of the confirmation.  [default: 10]")
@click.option("--trials", type=int, help="Settings tried for every network in every replicate.  [default: 2]")
@click.option("--randoms", type=click.IntRange(0), help="Random partitions retrained beside.  [default: 3]")
@click.option(
    "--short-replicates", type=click.IntRange(2), help="Repetitions of the short trainings that estimate.  [default: 8]"
)
@click.option("--equal", type=click.Choice(["parameters", "networks"]), help="What candidates have in common: their "
              "parameters in all, or the size of each network.  [default: parameters]")  # fmt: skip
@options(SIZE)
@click.option("--margin", type=float, help="Smallest difference in mean skill that matters.  [default: 0.01]")
@click.option("--place", metavar="COLUMN[:KIND]", help="Place a new task into the groups of a finished grouping (in "
              "--out): which of its networks suits it best, or one of its own?")  # fmt: skip
@click.option("--device", help="Where networks are trained: cpu, cuda, ...  [default: a GPU where there is one]")
@click.option("--workers", type=int, help="Processes.  [default: as many as cores]")
def group(**choices: Any) -> None:  # noqa: ANN401  # options; \b is for click
    """Choose which tasks to train together, from three tasks on.

    Estimates propose groups; retraining confirms: proposed groups, all tasks together, each alone and random partitions
    are trained at equal cost, with as much tuning, several times. Prints and reports what won, "no groups" if groups
    did not, and writes the recommended networks as one model for `predict`. An interrupted command continues.

    \b
    Examples:
      sharewise group people.csv --task income --task age --task job --out runs/groups
      sharewise group people.csv --task income --task age --task job --out runs/groups --place health
    """  # noqa: D301  # an escape for click, which keeps the lines below it
    _run("group", choices)


@main.command()
@click.argument("source", nargs=-1)
@options(DATA)
@click.option("--out", type=OUT, required=True, help="Folder of the model. An interrupted training continues.")
@click.option("--sharing", default="hard", show_default=True, metavar="NAME", help="`hard`: one trunk for all tasks; "
              "`none`: a network for each; `soft`: networks drawn to each other; mmoe, cgc, ple, dselect, adatt, "
              "cross_stitch, polytropon, film and others between.")  # fmt: skip
@click.option("--sharing-option", multiple=True, metavar="NAME=VALUE", help="An argument of the form of sharing, "
              "such as `experts=4` or `strength=0.1`, once for each.")  # fmt: skip
@click.option(
    "--method",
    default="Sum",
    show_default=True,
    help="Objective or weighting, by its class name, such as Sum or MinMax.",
)
@click.option("--method-option", multiple=True, metavar="NAME=VALUE", help="An argument of the method, such as "
              "`weights=[1, 0.5]` of Weighted, once for each.")  # fmt: skip
@click.option("--learning-rate", type=click.FloatRange(0, 10, min_open=True), default=0.01, show_default=True)
@click.option("--trunk-rate", type=click.FloatRange(0, 100, min_open=True), default=1.0, show_default=True, help=""
              "Factor of the learning rate of the trunk: what stands below heads, experts and conditions.")  # fmt: skip
@click.option("--weight-decay", type=click.FloatRange(0, 100), default=0.3, show_default=True)
@options(SIZE)
def fit(**choices: Any) -> None:  # noqa: ANN401  # options
    """Train one configuration and write the model.

    Prints the scores on the rows kept for testing. `sharewise study` finds out which configuration is worth it.
    """
    _run("fit", choices)


@main.command()
@click.argument("model", type=OUT)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A .parquet or .csv file.")
@click.option("--task", multiple=True, metavar="NAME", help="Only these tasks.")
def predict(**choices: Any) -> None:  # noqa: ANN401  # options
    """Apply a model to new rows.

    MODEL is the folder that `study` (its `model`) or `fit` wrote; FILE has the feature columns, in any order. Writes a
    number or the likeliest label for each task, and the probability of each class.
    """
    _run("predict", choices)


@main.command()
@click.argument("folder", type=OUT)
def report(**choices: Any) -> None:  # noqa: ANN401  # options
    """Write the report of a finished study or grouping again, from its numbers."""
    _run("report", choices)


def _run(command: str, choices: dict[str, Any]) -> None:
    try:
        import_module(f"sharewise.cli._{command}").run(given(choices))
    except KeyboardInterrupt:  # while libraries were imported
        click.echo("Error: stopped before anything was done.", err=True)
        raise SystemExit(130) from None
