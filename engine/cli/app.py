"""The commands, put together. Their modules are loaded when they are called, so that `--help` is quick."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from cyclopts import App, Group, Parameter

from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.sources import FillIn, flag_of

PROGRAM = "scylla-restore"

_COMMANDS = "scylla_restore.engine.cli.commands"

RESTORE = Group("Restore", sort_key=1)
LOOK = Group("Look at runs and their record", sort_key=2)
TRY = Group("Try it", sort_key=3)
MORE = Group("More", sort_key=9)


def build(fill_ins: Sequence[FillIn]) -> App:
    """Return the program's parser; flags that are not typed come from ``fill_ins``, the first that knows one wins.

    Its ``meta`` takes the global flags, wherever they stand, and hands on the other words.
    """
    app = App(
        name=PROGRAM,
        help="Restores ScyllaDB backups made by Scylla Manager; every run can be resumed, watched and audited.",
        help_epilogue="Every flag can be given as SCYLLA_RESTORE_<FLAG>, or in [flags] of the configuration file.",
        help_flags=("--help", "-h"),
        help_format="plaintext",
        version_flags=(),
        default_parameter=Parameter(negative_iterable=()),
        group_commands=MORE,
        config=tuple(fill_ins),
        result_action="return_value",
    )
    app.command(
        f"{_COMMANDS}.plan:plan",
        name="plan",
        group=RESTORE,
        help="Tell what a restore would do, and what stands in its way; touches nothing.",
    )
    app.command(
        f"{_COMMANDS}.restore:run",
        name="run",
        group=RESTORE,
        help="Restore in the foreground; Ctrl-C pauses cleanly, a second one stops at once.",
    )
    app.command(
        f"{_COMMANDS}.restore:resume",
        name="resume",
        group=RESTORE,
        help="Carry on with a run where it stopped.",
    )
    app.command(
        f"{_COMMANDS}.ending:pause",
        name="pause",
        group=RESTORE,
        help="Ask a running engine to stop cleanly.",
    )
    app.command(
        f"{_COMMANDS}.ending:abort",
        name="abort",
        group=RESTORE,
        help="Give a run up for good: everything that it altered is undone.",
    )
    app.command(
        f"{_COMMANDS}.demo:demo",
        name="demo",
        group=TRY,
        help="A whole restore with nothing else installed: a kill, a resume and an audit included.",
    )
    app.command(_lab())
    app.command(f"{_COMMANDS}.progress:runs", name="runs", group=LOOK, help="List all runs.")
    app.command(
        f"{_COMMANDS}.progress:progress", name="progress", group=LOOK, help="Tell where a run stands."
    )
    app.command(
        f"{_COMMANDS}.record:events", name="events", group=LOOK, help="Print a run's log, an event a line."
    )
    app.command(
        f"{_COMMANDS}.record:audit",
        name="audit",
        group=LOOK,
        help="Verify a run's record, and tell what was restored where, from which files, by whom, when.",
    )
    app.command(
        f"{_COMMANDS}.rebuild:rebuild",
        name="rebuild",
        help="Drop the tables that are made from a run's log, and make them again.",
    )
    app.command(
        f"{_COMMANDS}.version:version",
        name="version",
        help="Print versions of the package, Python and what matters.",
    )

    @app.meta.default
    def take_global_flags(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        flags: Annotated[GlobalFlags, Parameter(name="*")] = GlobalFlags(),  # noqa: B008  # it is frozen
    ) -> tuple[GlobalFlags, tuple[str, ...]]:
        return flags, tokens

    return app


def _lab() -> App:
    lab = App(name="lab", group=TRY, help="Nodes to try things with, and what goes wrong with them.")
    lab.command(
        f"{_COMMANDS}.lab:up", name="up", help="Serve lab nodes until Ctrl-C; prints `ready` when all answer."
    )
    lab.command(
        f"{_COMMANDS}.lab:backup",
        name="backup",
        help="Write a backup of a lab's cluster, as Scylla Manager would.",
    )
    lab.command(
        f"{_COMMANDS}.lab:fault", name="fault", help="Let something go wrong in a running lab, or end that."
    )
    return lab


def all_flags(app: App) -> Iterator[str]:
    """Yield the names, without dashes, of all flags of all commands, the global ones included."""
    for level in (app, app.meta):
        if level.default_command is not None:
            arguments = level.assemble_argument_collection()
            yield from (flag for argument in arguments if (flag := flag_of(argument)) is not None)
    for name in app:
        if not name.startswith("-"):
            yield from all_flags(app[name])
