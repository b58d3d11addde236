"""A world of simulated nodes, buckets and logs, in which the production actors run under a virtual clock."""
