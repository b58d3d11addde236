"""The command line as `python -m scylla_restore.engine.cli`."""

from scylla_restore.engine.cli import main

main()
