"""Task gradients of all shared parameters by the cheapest of three paths, equal in their numbers.

rows of one task each   one backward pass for all tasks, weighed differently at most twice
shared rows             the passes of all tasks in one batch
general                 one backward pass for each task
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from sharewise.gradients._graph import Node, size, space
from sharewise.gradients._jacobian import batched, one_by_one, opaque
from sharewise.gradients._layout import Layout, Layouts, sketch
from sharewise.gradients._memory import products_bytes, tasks_at_once
from sharewise.gradients._ownership import Owners
from sharewise.gradients._parts import OwnRows, Reduce, SharedRows, Whole
from sharewise.gradients._pieces import Pieces, cut
from sharewise.gradients._terms import Term, find_terms
from sharewise.gradients._together import Part, gramians

_LARGE = 1 << 17  # entries of activations: below, what a pass costs is mostly its many small operations

Passes: TypeAlias = Callable[[Tensor, Sequence[GradientEdge], Tensor], list[Tensor]]


@final
@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of the engine.

    Args:
        losses: [K], or [M, K] of M models, which are the first axis of every parameter.
        order: all operations below them.
        present: as `losses`, 1 where a task is present, else 0.
        owners: leaf -> who owns it.
        chosen: parameters or features whose gradients are compared.
        rows: Long [N] on the host, the task of each row, or None.
        reduce: mean over ranks, or None.
        memory: bytes that the gradients of several tasks may take, or None.
        scale: what all gradients are multiplied by on their way, so that half precision holds them.
        aggregated: whether all gradients are wanted as one matrix.
    """

    losses: Tensor
    order: Sequence[Node]
    present: Tensor
    owners: Owners
    chosen: Sequence[Tensor]
    rows: Tensor | None = None
    reduce: Reduce | None = None
    memory: int | None = None
    scale: float | Tensor = 1.0
    aggregated: bool = False

    @property
    def plain(self) -> Tensor:
        """As `losses`, what starts a backward pass of all present tasks."""
        return self.present * self.scale

    @property
    def tasks(self) -> int:
        """K."""
        return self.losses.shape[-1]

    @property
    def models(self) -> int | None:
        """M, or None where there is no axis of models."""
        return len(self.losses) if self.losses.dim() == 2 else None

    @property
    def own(self) -> list[Tensor]:
        """Parameters of single tasks."""
        return [leaf for leaf, who in self.owners.items() if not who.shared]


@final
@dataclass(frozen=True, eq=False)
class Answer:
    """Parts for the chosen tensors, and plain gradients where a pass gave them for nothing.

    Args:
        path: the path in words.
        parts: tensor -> part.
        plain: leaf -> gradient of the sum of the losses.
        others: tensor -> path, where it is another one.
    """

    path: str
    parts: dict[Tensor, Part]
    plain: Mapping[Tensor, Tensor] = field(default_factory=dict)
    others: Mapping[Tensor, str] = field(default_factory=dict)

    def gramian(self, question: Question) -> tuple[Tensor, dict[Tensor, str]]:
        """[*, K, K], and how each part was computed."""
        found, how = gramians(self.parts, question.reduce)
        ways = {tensor: f"shared: {self.others.get(tensor, self.path)}, {how[tensor]}" for tensor in self.parts}
        wide = torch.promote_types(question.losses.dtype, torch.float32)
        total = question.losses.new_zeros(*question.losses.shape, question.tasks, dtype=wide)
        for products in found:
            total = total + (products.sum(0) if question.models is None else products)
        return total / question.scale**2, ways


def answer(question: Question) -> Answer:
    """Collect what the Gramian needs by the cheapest path that holds. The graph is kept."""
    if not question.chosen:
        return Answer("nothing is shared", {})
    terms, rest = find_terms(question.order, question.chosen, question.owners, models=question.models)
    if question.reduce is not None:  # ranks read different rows of a table: only the whole of it can be averaged
        rest = [*rest, *(term.leaf for term in terms if term.index is not None)]
        terms = [term for term in terms if term.index is None]
    if question.rows is not None:
        parts = _own_rows(question, question.rows, terms)
        if _all_ranks(question, parts is not None) and parts is not None:
            return _completed(question, parts, rest)
        warnings.warn(
            "`rows` cannot be used, since the graph mixes rows of tasks: gradients are computed task by task.",
            stacklevel=3,
        )
    return _by_task(question, terms, rest)


def _completed(question: Question, found: Answer, rest: list[Tensor]) -> Answer:
    """Rows of one task each, and task by task what has no rule."""
    if not rest:
        return found
    shapes = ", ".join(str(tuple(tensor.shape)) for tensor in rest)
    warnings.warn(
        f"`rows` cannot be used for parameters of shape {shapes}, since no rule holds for what reads them: their"
        " gradients alone are computed task by task.",
        stacklevel=4,
    )
    others = _by_task(replace(question, chosen=rest), [], rest)
    return replace(found, parts={**found.parts, **others.parts}, others=dict.fromkeys(rest, others.path))


def _by_task(question: Question, terms: list[Term], rest: list[Tensor]) -> Answer:
    """A backward pass for each task: all in one batch where that is possible and faster."""
    if not opaque(question.order) and (question.reduce is not None or not _batching_is_dear(terms)):
        try:
            return _passes(question, terms, rest, batched, "shared rows")
        except RuntimeError as error:
            if not _unbatchable(error):
                raise
    return _passes(question, terms, rest, one_by_one, "one pass per task")


def _all_ranks(question: Question, here: bool) -> bool:
    """Whether it holds on every rank: all must take the same path."""
    if question.reduce is None:
        return here
    return bool(question.reduce(torch.full_like(question.present.flatten()[:1], float(here))) == 1)


def whole(question: Question) -> list[Tensor]:
    """The gradients themselves, [1 | M, K, P] each: zero where a task is absent or a slice has one owner."""
    found = _by_task(question, [], list(question.chosen))
    return [part.matrix() for part in found.parts.values() if isinstance(part, Whole)]


def _unbatchable(error: RuntimeError) -> bool:
    """Whether this is vmap's complaint: noise drawn again under activation checkpointing is one reason."""
    return "vmap" in str(error) or "Batched" in str(error)


def _keep(question: Question, tensor: Tensor, rows: Tensor) -> Whole:
    """Gradients with zeros in slices of a single owner."""
    who, models = question.owners.get(tensor), question.losses.dim() - 1
    if who is None or who.mask is None:
        return Whole(tensor, rows, rows, None, models)
    mask = who.along(tensor).expand(tensor.shape).unsqueeze(0)
    return Whole(tensor, torch.where(mask, rows, 0.0), rows, mask, models)


def _passes(question: Question, terms: list[Term], rest: list[Tensor], run: Passes, path: str) -> Answer:
    """Passes to the outputs of operations with a rule, or to a parameter itself where its gradient is no dearer."""
    kept = [term for term in terms if question.reduce is not None or _rows_are_cheaper(term)]
    nodes = list(dict.fromkeys(node for term in kept for node in term.nodes))
    near = [term for term in terms if term not in kept and set(term.nodes) <= set(nodes)]
    direct = [*rest, *(term.leaf for term in terms if term not in kept and term not in near)]
    edges = [*(GradientEdge(node, 0) for node in nodes), *map(get_gradient_edge, direct)]
    eye = torch.eye(question.tasks, dtype=torch.bool, device=question.plain.device)
    weights = torch.where(eye if question.models is None else eye.unsqueeze(1), question.plain, 0.0)  # [K, *, K]
    columns = _in_chunks(question, edges, weights, run, _later(question, [*kept, *near], direct))
    outputs = dict(zip(nodes, columns, strict=False))
    parts: dict[Tensor, Part] = {term.leaf: SharedRows(term, term.own(outputs)) for term in [*kept, *near]}
    for tensor, rows in zip(direct, columns[len(nodes) :], strict=True):
        parts[tensor] = _keep(question, tensor, rows)
    return Answer(path, parts)


def _later(question: Question, terms: list[Term], direct: list[Tensor]) -> int:
    """Bytes that are needed once the gradients at the edges are known."""
    if question.memory is None:
        return 0
    masked = [tensor for tensor in direct if tensor in question.owners and question.owners[tensor].mask is not None]
    copies = direct if question.aggregated else masked
    products, filled = products_bytes(question.tasks, terms), sum(term.leaf.nbytes for term in terms)
    return max(products, filled) + question.tasks * sum(each.nbytes for each in copies)


def _in_chunks(question: Question, edges: list[GradientEdge], weights: Tensor, run: Passes, more: int) -> list[Tensor]:
    """Gradients [K, ...] at each edge, as many tasks at a time as memory allows; what is kept is never held twice."""
    step = question.tasks
    if question.memory is not None:
        step = tasks_at_once(step, question.memory, question.order, edges, more)
    if step >= question.tasks:
        return run(question.losses, edges, weights)
    kept = [space(question.tasks, edge.node, edge.output_nr) for edge in edges]
    for start in range(0, question.tasks, step):
        for rows, part in zip(kept, run(question.losses, edges, weights[start : start + step]), strict=True):
            rows[start : start + step] = part
    return kept


def _batching_is_dear(terms: list[Term]) -> bool:
    """Whether passes are large, so that one after the other is faster, and few rows are worth keeping."""
    nodes = {node for term in terms for node in term.nodes}
    kept = {node for term in terms if _rows_are_cheaper(term) for node in term.nodes}
    entries = sum(map(size, nodes))
    return entries > _LARGE and 2 * sum(map(size, kept)) < entries


def _rows_are_cheaper(term: Term) -> bool:
    """Whether rows are to be kept: in a product only where they are so few that the kernel form pays."""
    rows = sum(size(node) for node in term.nodes)
    return (rows if term.uses[0].left is None else 2 * rows) <= term.leaf.numel()


def _own_rows(question: Question, rows: Tensor, terms: list[Term]) -> Answer | None:
    """One pass for all tasks, if the rows prove to be of one task each."""
    if not terms:
        return Answer("rows of one task each", {})
    nodes = list(dict.fromkeys(node for term in terms for node in term.nodes))
    seen = Layouts(question.order, [term.leaf for term in terms], rows, question.tasks)
    targets = [*(GradientEdge(*edge) for edge in seen.watched), *(GradientEdge(node, 0) for node in nodes)]
    edges = [*targets, *map(get_gradient_edge, question.own)]
    sources = list(dict.fromkeys(source for term in terms for source in term.source))

    def rows_of(gradients: Sequence[Tensor]) -> list[Tensor]:
        at = dict(zip(nodes, gradients[len(seen.watched) :], strict=False))
        measured = sources if seen.known is None else []
        watched = [sketch(each.reshape(1, -1, 1)) for each in gradients[: len(seen.watched)]]
        return [*watched, *(sketch(right(at[node])) for node, right in measured)]

    probed = targets if seen.known is None else targets[: len(seen.watched)]
    starts = seen.weights.to(question.losses) * question.plain if probed else ()
    # Further passes come first: only sketches are left of them when the gradients themselves are computed.
    again = [rows_of(torch.autograd.grad(question.losses, probed, start, retain_graph=True)) for start in starts]
    first = torch.autograd.grad(question.losses, edges, question.plain, retain_graph=True)
    outputs = dict(zip(nodes, first[len(seen.watched) :], strict=False))
    found = seen.measure(rows_of(first), again)
    if found is None:
        return None
    layouts = dict(zip(sources, found, strict=True))
    parts: dict[Tensor, Part] = {}
    sorted_rows: dict[tuple[Layout, ...], tuple[Tensor, Pieces]] = {}
    for term in terms:
        repeats = tuple(layouts[source] for source in term.source)
        if repeats not in sorted_rows:
            task = torch.cat([seen.task(repeat) for repeat in repeats])
            sorted_rows[repeats] = task, cut(task, question.tasks)
        parts[term.leaf] = OwnRows(term, term.own(outputs), *sorted_rows[repeats])
    own = first[len(targets) :]
    return Answer("rows of one task each", parts, dict(zip(question.own, own, strict=True)))
