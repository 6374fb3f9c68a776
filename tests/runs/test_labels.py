import torch

from sharewise.runs import Perform, Run, build_mixture, restrict, shuffle, thin
from sharewise.training import Recipe


class TestRestrict:
    def test_the_others_labels_are_gone(self, made):
        data = made.table()
        batch = restrict(data.raw, torch.tensor([True, False, True, False]))
        assert not batch.observed[:, [1, 3]].any()
        assert torch.equal(batch.observed[:, [0, 2]], data.raw.observed[:, [0, 2]])
        assert restrict(data.raw, torch.ones(4, dtype=torch.bool)) is data.raw


class TestShuffle:
    def shuffled(self, data, names, **more):
        run = made_run(data, names, **more)
        batch, split = data.prepare(data.split(0).train).batch, data.split(0)
        return batch, shuffle(batch, data.tasks, split, run), split

    def test_training_labels_of_the_named_tasks_alone_are_dealt_anew(self, made):
        before, after, split = self.shuffled(made.tensors(), ("late", "down"))
        old, new = before.targets["regression"], after.targets["regression"]
        assert torch.equal(new[:, 0], old[:, 0])
        assert not torch.equal(new[split.train, 1], old[split.train, 1])
        assert torch.equal(new[split.train, 1].sort(0).values, old[split.train, 1].sort(0).values)
        assert not torch.equal(after.targets["binary"][split.train], before.targets["binary"][split.train])
        for role in ("valid", "select", "test"):
            for key, values in before.targets.items():
                assert torch.equal(after.targets[key][split.rows(role)], values[split.rows(role)])

    def test_missing_labels_stay_missing(self, made):
        before, after, split = self.shuffled(made.table(), ("income",))
        assert torch.equal(before.observed, after.observed)
        rows = split.train[before.observed[split.train, 0]]
        assert torch.equal(
            after.targets["regression"][rows].sort(0).values, before.targets["regression"][rows].sort(0).values
        )
        hidden = split.train[~before.observed[split.train, 0]]
        assert torch.equal(after.targets["regression"][hidden], before.targets["regression"][hidden])

    def test_rows_of_tasks_of_their_own(self, made):
        data = made.schools()
        name = data.tasks[1].name
        before, after, split = self.shuffled(data, (name,))
        own = before.task == 1
        key = data.tasks[1].kind.key
        assert torch.equal(after.targets[key][~own], before.targets[key][~own])
        rows = split.train[own[split.train]]
        assert not torch.equal(after.targets[key][rows], before.targets[key][rows])
        assert torch.equal(after.targets[key][rows].sort().values, before.targets[key][rows].sort().values)

    def test_seeds_differ_and_nothing_to_shuffle_gives_the_same_rows(self, made):
        data = made.tensors()
        found = [self.shuffled(data, ("up",), recipe=Recipe(seed=seed))[1].targets["regression"] for seed in (0, 0, 1)]
        assert torch.equal(found[0], found[1])
        assert not torch.equal(found[0], found[2])
        before, after, _ = self.shuffled(data, ())
        assert after is before


class TestThin:
    def thinned(self, data, labels, **more):
        run = Run("less", tuple(task.name for task in data.tasks), 0, labels=labels, **more)
        return thin(data.raw, data.tasks, data.split(0), run), data.split(0)

    def test_so_many_training_labels_are_left_and_fewer_are_a_part_of_more(self, made):
        data = made.table()
        kept = {}
        for count in (10, 20):
            batch, split = self.thinned(data, {"income": count})
            kept[count] = set(split.train[batch.observed[split.train, 0]].tolist())
            assert len(kept[count]) == count
            rest = torch.cat([split.valid, split.select, split.test])
            assert torch.equal(batch.observed[rest], data.raw.observed[rest])
            assert torch.equal(batch.observed[:, 1:], data.raw.observed[:, 1:])
        labelled = split.train[data.raw.observed[split.train, 0]]
        assert kept[10] < kept[20] < set(labelled.tolist())

    def test_few_labels_have_the_shares_of_many(self, made):
        data = made.tensors(rows=1000)
        classes = data.raw.targets["binary"][:, 0]
        share = classes[data.split(0).train].double().mean()
        for count in (4, 10, 50):
            batch, split = self.thinned(data, {"late": count})
            own = classes[split.train[batch.observed[split.train, 1]]].double()
            assert abs(own.sum() - count * share) <= 1

    def test_rows_of_tasks_of_their_own_are_drawn_no_more(self, made):
        data = made.schools()
        name = data.tasks[1].name
        batch, split = self.thinned(data, {name: 5})
        everything = torch.ones(3, dtype=torch.bool)
        mixture = build_mixture(made.run(data), batch, split, everything)
        rows = torch.cat([mixture.rows(step) for step in range(80)]).unique()
        assert int((batch.task[rows] == 1).sum()) == 5
        assert mixture.rates[1] == 5 / int(batch.observed[split.train].sum())

    def test_more_than_there_are_changes_nothing(self, made):
        data = made.tensors()
        batch, _ = self.thinned(data, {"up": 10_000})
        assert bool(batch.observed.all())
        assert self.thinned(data, {})[0] is data.raw

    def test_a_run_is_worse_with_few_labels(self, made):
        data, skill = made.tensors(rows=600), {}
        for labels in ({}, {"up": 4}):
            run = made.run(data, ("up",), labels=labels, recipe=Recipe(learning_rate=0.02, batch_size=32, steps=150))
            records = Perform(data)(run).records
            skill[len(labels)] = next(each.value for each in records if (each.name, each.role) == ("r2", "test"))
        assert skill[0] > 0.9 > skill[1]


def made_run(data, shuffled, **more):
    return Run("shuffled", tuple(task.name for task in data.tasks), 0, shuffled=shuffled, **more)
