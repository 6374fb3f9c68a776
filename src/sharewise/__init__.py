"""Multi-task learning with evidence: what should your tasks share?

Rooms, bottom up: `tasks`, `models`, `objectives`, `gradients`, `mixing`, `training`, `runs`, `evidence`, `diagnosis`,
`grouping`, `study`, `estimators`. Import the room you need: nothing is loaded before it is used.
"""
