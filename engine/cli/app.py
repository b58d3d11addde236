"""The commands, put together. Their modules are loaded when they are called, so that `--help` is quick."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from cyclopts import App, Group, Parameter

from scylla_restore.engine.cli.examples import epilogue
from scylla_restore.engine.cli.flags import GlobalFlags
from scylla_restore.engine.cli.sources import FillIn, flag_of

PROGRAM = "scylla-restore"

_COMMANDS = "scylla_restore.engine.cli.commands"

RESTORE = Group("Restore", sort_key=1)
LOOK = Group("Look at runs and their record", sort_key=2)
TRY = Group("Try it", sort_key=3)
MORE = Group("More", sort_key=9)


class Entry(NamedTuple):
    """A command: its name, the function behind it as ``module:function``, and what `--help` says of it."""

    name: str
    function: str
    help: str


COMMANDS: tuple[tuple[Group | None, tuple[Entry, ...]], ...] = (
    (
        RESTORE,
        (
            Entry("backups", "backups:backups", "List the snapshots in backup locations."),
            Entry(
                "plan",
                "plan:plan",
                "Tell what a restore would do, and what stands in its way; touches nothing.",
            ),
            Entry(
                "run",
                "restore:run",
                "Restore in the foreground; Ctrl-C pauses cleanly, a second one stops at once.",
            ),
            Entry("resume", "restore:resume", "Carry on with a run where it stopped."),
            Entry("pause", "ending:pause", "Ask a running engine to stop cleanly."),
            Entry("abort", "ending:abort", "Give a run up for good: everything that it altered is undone."),
        ),
    ),
    (
        LOOK,
        (
            Entry("runs", "progress:runs", "List all runs."),
            Entry("progress", "progress:progress", "Tell where a run stands."),
            Entry("events", "record:events", "Print a run's log, an event a line."),
            Entry(
                "audit",
                "record:audit",
                "Verify a run's record, and tell what was restored where, from which files, by whom, when.",
            ),
        ),
    ),
    (
        TRY,
        (
            Entry(
                "demo",
                "demo:demo",
                "A whole restore with nothing else installed: a kill, a resume and an audit included.",
            ),
        ),
    ),
    (
        None,
        (
            Entry(
                "rebuild",
                "rebuild:rebuild",
                "Drop the tables that are made from a run's log, and make them again.",
            ),
            Entry(
                "doctor",
                "doctor:doctor",
                "Tell what runs have left altered in the cluster; --fix puts it right.",
            ),
            Entry(
                "completion",
                "completion:completion",
                "Print what a shell needs to complete commands, flags, runs and clusters.",
            ),
            Entry("version", "version:version", "Print versions of the package, Python and what matters."),
        ),
    ),
)
LAB: tuple[Entry, ...] = (
    Entry("up", "lab:up", "Serve lab nodes until Ctrl-C; prints `ready` when all answer."),
    Entry("backup", "lab:backup", "Write a backup of a lab's cluster, as Scylla Manager would."),
    Entry("fault", "lab:fault", "Let something go wrong in a running lab, or end that."),
)
LAB_HELP = "Nodes to try things with, and what goes wrong with them."


def build(fill_ins: Sequence[FillIn]) -> App:
    """Return the program's parser; flags that are not typed come from ``fill_ins``, the first that knows one wins.

    Its ``meta`` takes the global flags, wherever they stand, and hands on the other words.
    """
    app = App(
        name=PROGRAM,
        help="Restores ScyllaDB backups made by Scylla Manager; every run can be resumed, watched and audited.",
        help_epilogue=epilogue(""),
        help_flags=("--help", "-h"),
        help_format="plaintext",
        version_flags=(),
        default_parameter=Parameter(negative_iterable=()),
        group_commands=MORE,
        config=tuple(fill_ins),
        result_action="return_value",
    )
    for group, entries in COMMANDS:
        _add(app, entries, group)
    lab = App(name="lab", group=TRY, help=LAB_HELP, help_epilogue=epilogue("lab"))
    _add(lab, LAB, None)
    app.command(lab)

    @app.meta.default
    def take_global_flags(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        flags: Annotated[GlobalFlags, Parameter(name="*")] = GlobalFlags(),  # noqa: B008  # it is frozen
    ) -> tuple[GlobalFlags, tuple[str, ...]]:
        return flags, tokens

    return app


def _add(app: App, entries: Sequence[Entry], group: Group | None) -> None:
    for entry in entries:
        app.command(
            f"{_COMMANDS}.{entry.function}",
            name=entry.name,
            group=group,
            help=entry.help,
            help_epilogue=epilogue(entry.name),
        )


def all_flags(app: App) -> Iterator[str]:
    """Yield the names, without dashes, of all flags of all commands, the global ones included."""
    for level in (app, app.meta):
        if level.default_command is not None:
            arguments = level.assemble_argument_collection()
            yield from (flag for argument in arguments if (flag := flag_of(argument)) is not None)
    for name in app:
        if not name.startswith("-"):
            yield from all_flags(app[name])


def command_names(chain: Sequence[str]) -> tuple[str, ...]:
    """Return the commands that there are below ``chain``, the commands typed before."""
    if chain == ("lab",):
        return tuple(entry.name for entry in LAB)
    return (*(entry.name for _, entries in COMMANDS for entry in entries), "lab")
