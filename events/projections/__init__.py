"""Tables made from the log by pure folds; delete them, and they can be made again."""
