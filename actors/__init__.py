"""Who acts: the supervisor, one actor per node, one per location."""
