"""Views and tombstone_gc, as progress and Scylla Manager's table tell of them."""

from tests.support.schemas import recorded_table, recorded_view
from tests.support.story import Story, indexed_story

from scylla_restore.engine.cli.view import Shape, progress_lines, status_line
from scylla_restore.events.model.run import RunCompleted
from scylla_restore.events.model.schema import BuildStatus, SchemaRecorded, ViewBuildProgressed, ViewKind
from scylla_restore.events.model.stages import Stage, StageEntered
from scylla_restore.events.projections import progress, restore_run
from scylla_restore.events.projections.progress_document import ProgressDocument, document
from scylla_restore.events.projections.progress_state import ProgressState
from scylla_restore.events.projections.restore_run import RestoreRunRow

RECORDED = SchemaRecorded(
    offered=True,
    tables=(recorded_table("one"), recorded_table("two", None)),
    views=(recorded_view("v1"), recorded_view("i1", ViewKind.SECONDARY_INDEX)),
)


def told(*, of_keyspaces: tuple[str, str] = ("a", "b")) -> Story:
    """The story's tables are a.one and b.two."""
    one, two = RECORDED.tables
    tables = (
        type(one)(keyspace=of_keyspaces[0], table="one", id=one.id, tombstone_gc=one.tombstone_gc),
        type(two)(keyspace=of_keyspaces[1], table="two", id=two.id, tombstone_gc=None),
    )
    return indexed_story().tell(SchemaRecorded(offered=True, tables=tables, views=RECORDED.views))


def built(view: str, status: BuildStatus, done: int) -> ViewBuildProgressed:
    return ViewBuildProgressed(keyspace="ks", view=view, status=status, built=done, nodes=3)


def seen(story: Story) -> ProgressDocument:
    state = ProgressState()
    for envelope in story.envelopes:
        progress.apply(state, envelope)
    return document(state, story.now)


def row_of(story: Story) -> RestoreRunRow:
    state, changed = restore_run.RestoreRunState(), dict[restore_run.Key, RestoreRunRow | None]()
    for envelope in story.envelopes:
        restore_run.apply(state, envelope, changed)
    (row,) = changed.values()
    assert row is not None
    return row


def test_a_table_shows_the_mode_that_it_gets_back() -> None:
    modes = {
        table.table: table.tombstone_gc for keyspace in seen(told()).keyspaces for table in keyspace.tables
    }
    assert modes == {"one": "repair", "two": None}


def test_views_are_shown_with_how_far_they_are() -> None:
    story = told().tell(built("v1", BuildStatus.STARTED, 1), built("i1", BuildStatus.SUCCESS, 3))
    views = [(view.view, view.type, view.build_status, view.built) for view in seen(story).views]
    assert views == [("v1", "MaterializedView", "STARTED", 1), ("i1", "SecondaryIndex", "SUCCESS", 3)]


def test_a_run_that_waits_for_views_says_which() -> None:
    story = told().tell(StageEntered(stage=Stage.RECREATE_VIEWS), built("i1", BuildStatus.SUCCESS, 3))
    story.tell(built("v1", BuildStatus.STARTED, 1))
    lines = progress_lines(seen(story), Shape(bars=False))
    assert "1 of 2 views built" in lines
    assert "ks.v1  STARTED, 1 of 3 nodes" in lines
    assert "1 of 2 views built" in status_line(seen(story))


def test_a_run_is_not_called_complete_before_its_views_are_built() -> None:
    story = told().tell(StageEntered(stage=Stage.RECREATE_VIEWS))
    assert ", 0 of 2 views built" in status_line(seen(story))
    assert "100.0 %" not in status_line(seen(story))


def test_scylla_managers_table_has_the_views_and_the_modes() -> None:
    row = row_of(told().tell(built("v1", BuildStatus.STARTED, 1), RunCompleted(restored_bytes=0, sstables=0)))
    assert [(view.view_name, view.view_type, view.build_status) for view in row.views] == [
        ("v1", "MaterializedView", "STARTED"),
        ("i1", "SecondaryIndex", "UNKNOWN"),
    ]
    assert row.views[0].create_stmt == "CREATE v1"
    modes = {table.table_name: table.tombstone_gc for unit in row.units for table in unit.tables}
    assert modes == {"one": "repair", "two": ""}
