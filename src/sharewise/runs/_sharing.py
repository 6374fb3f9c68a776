"""Forms of sharing by name, the one place where a name becomes a network."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, partial
from typing import Any, TypeAlias, final

import torch
from torch import nn

import sharewise.models as models
from sharewise._core import InputError
from sharewise.models import (
    Condition,
    Heads,
    Model,
    MultiTask,
    SharedHeads,
    conditioned,
    factorised,
    grouped,
    independent,
)
from sharewise.runs._body import Body
from sharewise.runs._run import Run

DESCRIPTOR = 4  # numbers in a learnt description of a task
PENALISED = frozenset({"strength", "ramp", "penalty", "graph"})  # options of what is added to the loss

Form: TypeAlias = Callable[..., Model]


@final
@dataclass(frozen=True)
class Sharing:
    """A form of sharing and its options.

    Args:
        name: `hard`, `none`, `soft`, `full` (heads too), a ready-made form of `sharewise.models` (`mmoe`, `ple`,
            `cross_stitch`), one of its conditions (`film`), or `grouped`; upper and lower case, `-` and `_` are the
            same.
        options: arguments of the form (`experts`, `own`, `shared`, `levels`, `rank`; of `grouped` `groups`, the number
            of each task's group, tasks in the order of their names), and of what it adds to the loss: `strength`,
            `ramp` (steps until it is reached), and for `soft` `penalty` (`to_mean`, `laplacian`, `nuclear`,
            `nuclear_unfolded`) and `graph` (similarities [K, K] for `laplacian`).

    Example:
        >>> Sharing("MMoE").form is Sharing("mmoe", {"experts": 4}).form
        True
    """

    name: str = "hard"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name as `sharing_names` writes it.

        Raises:
            InputError: there is no such form; the closest is suggested.
        """
        names = {_fold(name): name for name in forms()}
        if _fold(self.name) not in names:
            close = get_close_matches(_fold(self.name), names, 1)
            hint = f"did you mean `{names[close[0]]}`? " if close else ""
            raise InputError(f"there is no sharing `{self.name}`; {hint}There are {', '.join(forms())}")
        return names[_fold(self.name)]

    @property
    def form(self) -> Form:
        """What builds it.

        Raises:
            InputError: as `key`.
        """
        return forms()[self.key]

    @property
    def step(self) -> int:
        """What a width must be a multiple of."""
        form = self.form
        known = inspect.signature(form.args[0] if isinstance(form, partial) else form).parameters
        return int(self.options.get("subspaces", known["subspaces"].default)) if "subspaces" in known else 1

    @property
    def arguments(self) -> dict[str, Any]:
        """The options of the form itself."""
        return {name: value for name, value in self.options.items() if name not in PENALISED}


@cache
def forms() -> dict[str, Form]:
    """Every form by its name: the ends, soft sharing, and what `sharewise.models` has ready."""
    alone = partial(_alone, independent)
    found: dict[str, Form] = {
        "hard": _hard,
        "none": alone,
        "soft": alone,
        "full": _full,
        "factorised": partial(_alone, factorised),
    }
    for name in models.__all__:
        member = getattr(models, name)
        if inspect.isfunction(member) and list(inspect.signature(member).parameters)[:3] == [
            "make",
            "features",
            "heads",
        ]:
            found.setdefault(name, partial(_experts, member))
        elif inspect.isclass(member) and issubclass(member, Condition) and member is not Condition:
            found[name.lower()] = partial(_conditioned, member)
    found["grouped"] = _grouped
    return {name: form for name, form in found.items() if name not in _SAME}


def sharing_names() -> tuple[str, ...]:
    """Names of all forms of sharing.

    Example:
        >>> sharing_names()[:5]
        ('hard', 'none', 'soft', 'full', 'factorised')
    """
    return tuple(forms())


def build_form(sharing: Sharing, body: Body, heads: Callable[[int], Heads]) -> Model:
    """A network of a form of sharing.

    Args:
        sharing: its name and options.
        body: the parts of a network on these inputs.
        heads: from a number of features to heads of all tasks.

    Raises:
        InputError: there is no such form, or it does not take these options.
    """
    if body.width % sharing.step:
        raise InputError(f"`width` must be a multiple of {sharing.step} for `{sharing.name}`, got {body.width}")
    try:
        return sharing.form(body, heads, **sharing.arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"sharing `{sharing.name}` cannot be built with {dict(sharing.options)}: {error}") from None


def apart(run: Run) -> list[Run]:
    """The run as it is trained: by itself, or with sharing `none` as a run for each of its tasks.

    Networks that have nothing in common need not stop together.

    Args:
        run: of any form.

    Raises:
        InputError: there is no such form, or `none` is given options.

    Example:
        >>> [each.tasks for each in apart(Run("fit", ("age", "job"), 0, sharing="none"))]
        [('age',), ('job',)]
    """
    sharing = Sharing(run.sharing, run.sharing_options)
    if sharing.key != "none":
        return [replace(run, sharing=sharing.key)]
    if sharing.options:
        raise InputError(f"sharing `none` has no options, got {dict(sharing.options)}; leave them out")
    return [replace(run, tasks=(task,), sharing="hard") for task in run.tasks]


# the ends have names of their own; what tells the task is chosen by the name of the condition
_SAME = frozenset({"independent", "conditioned"})


def _fold(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def _hard(body: Body, heads: Callable[[int], Heads]) -> MultiTask:
    return MultiTask(body.whole(), heads(body.whole_features))


def _full(body: Body, heads: Callable[[int], Heads]) -> MultiTask:
    """Nothing tells the tasks of a kind apart, not even a head."""
    own = heads(body.whole_features)
    widths = {key: max(each) for key, each in own.widths.items()}
    if any(min(each) < widths[key] for key, each in own.widths.items()):
        raise ValueError("tasks of one kind must have as many outputs each to share a head")
    return MultiTask(body.whole(), SharedHeads(body.whole_features, widths, own.index))


def _alone(form: Form, body: Body, heads: Callable[[int], Heads], **options: Any) -> Model:  # noqa: ANN401  # of forms
    """Whole networks, one for each task."""
    return form(lambda _: nn.Identity(), 0, heads(body.whole_features), encoder=body.whole, **options)


def _grouped(body: Body, heads: Callable[[int], Heads], *, groups: Sequence[int] | None = None) -> Model:
    """`groups`: the number of each task's group, tasks in the order of their names."""
    return grouped(lambda _: nn.Identity(), 0, heads(body.whole_features), encoder=body.whole, groups=groups)


def _experts(form: Form, body: Body, heads: Callable[[int], Heads], **options: Any) -> Model:  # noqa: ANN401  # of forms
    """Experts above an encoder that all share; with several levels each is so much less deep."""
    known = inspect.signature(form).parameters
    levels = options.get("levels", known["levels"].default) if "levels" in known else 1
    head = heads(body.width)
    if "z" in known:
        options["z"] = nn.Parameter(torch.randn(head.tasks, options.pop("descriptor", DESCRIPTOR)))
    return form(partial(body.expert, levels), body.features, head, encoder=body.encoder(), **options)


def _conditioned(condition: type[Condition], body: Body, heads: Callable[[int], Heads], **options: Any) -> Model:  # noqa: ANN401  # of conditions
    """A shared network whose features are conditioned after its first half and before the heads."""
    below = nn.Sequential(body.encoder(), body.expert(2, body.features))
    told = partial(condition, **options)
    return conditioned(partial(body.expert, 2), body.width, heads(body.width), encoder=below, condition=told)
