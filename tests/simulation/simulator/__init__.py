"""A world of simulated nodes, buckets and logs, in which the production actors run under a virtual clock.

    scenario ──▶ simulation ──▶ engine: SupervisorActor, ActorCrew, NodeActor, LocationActor, the core, the codec
    (a seed)         │             │ runtime, delivery: mailboxes, lanes; calls that travel, are lost, or answered late
                     │             ▼
                     │          gateway, store, log: the ports, each as one process sees it
                     │             ▼
                     │          world: cluster of nodes (disk, jobs, loads), backup, log, faults; one scheduler
                     ▼
                  checks: what has to hold of the record, of the world, and of each compared with the other

* The world goes on when an engine dies: jobs copy, loads load. Nodes bring their state up to the present (``settle``)
  whenever somebody looks at them.
* A call takes effect at one virtual time and is answered at another. What blocks raises ``NotYet``, and is performed
  again at the time it names, with the same ``Request``, which remembers what it waits for.
* An engine knows only what was answered to it: each effect carries the last record that its sender knew to be durable.
* Chance comes from ``dice`` alone, so that a seed is a whole history.

A new fault is a field of ``FaultPlan`` (or a moment of it) and a line in ``Faults``; a new rule a function in
``checks``, with a planted bug that shows that it can fail.
"""
