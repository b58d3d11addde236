"""Tables and documents made from the log by pure folds; delete them, and they can be made again.

A projection is a module with a state, ``apply(state, envelope)``, which changes the state in place, and a function
that makes something to look at of it. Projections that are kept as tables say with each envelope what changes in
them (``changes``); whoever keeps the table carries that out.
"""
