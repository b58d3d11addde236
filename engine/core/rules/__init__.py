"""What to do next: rules, asked in order; the first that has something to say decides.

Each rule reads the state and the time and returns one small decision, or None. The caller folds its events and asks
again, until no rule has anything to say. So a rule sees all that was decided before it, and none has to plan ahead.
"""

from collections.abc import Callable
from datetime import datetime

from scylla_restore.engine.core.decision import Decision
from scylla_restore.engine.core.rules.attend import alter_node, clear_upload, put_back_unwanted, recover_node
from scylla_restore.engine.core.rules.company import seek_other_runs, withdraw
from scylla_restore.engine.core.rules.endings import (
    conclude,
    look_for_members,
    settle_ledger,
    stop_downloads,
    stop_native_restores,
    stop_repairs,
)
from scylla_restore.engine.core.rules.failures import (
    declare_refusal,
    give_up_nodes,
    nobody_left,
    readmit_nodes,
    replace_crashed_actors,
    settle_batches,
    settle_nodes,
)
from scylla_restore.engine.core.rules.impasse import impasse
from scylla_restore.engine.core.rules.lanes import (
    assign_download,
    assign_native,
    request_load,
    set_upload_aside,
    start_download,
    start_load,
)
from scylla_restore.engine.core.rules.ledger import strike_untouched
from scylla_restore.engine.core.rules.prepare import (
    begin,
    discover,
    enter_data,
    index_locations,
    join_nodes,
    open_locations,
    read_settings,
    resolve_tables,
    verify_locations,
)
from scylla_restore.engine.core.rules.repair import (
    complete_repair,
    give_up_repair,
    plan_repair,
    request_repair,
    rests_until,
)
from scylla_restore.engine.core.rules.safety import inspect_tables
from scylla_restore.engine.core.rules.schema import (
    alter_schema,
    await_agreement,
    await_views,
    complete_schema_stage,
    give_up_schema,
    put_schema_back,
    read_schema,
    refuse_replaced_tables,
    verify_tables,
)
from scylla_restore.engine.core.rules.sources import check_sources
from scylla_restore.engine.core.rules.stages import complete_data, wait_for_space
from scylla_restore.engine.core.rules.statements import (
    apply_statement,
    await_schema_agreement,
    compare_schema,
    complete_schema,
    enter_schema,
    give_up_statement,
    read_schema_file,
)
from scylla_restore.engine.core.state import RunState

Rule = Callable[[RunState, datetime], Decision | None]

ALWAYS: tuple[Rule, ...] = (replace_crashed_actors, settle_batches, settle_nodes, declare_refusal, start_load)

CARRYING_ON: tuple[Rule, ...] = (
    begin,
    seek_other_runs,
    withdraw,
    readmit_nodes,
    discover,
    join_nodes,
    open_locations,
    check_sources,
    index_locations,
    verify_locations,
    read_schema,
    resolve_tables,
    read_settings,
    inspect_tables,
    enter_data,
    give_up_schema,
    refuse_replaced_tables,
    verify_tables,
    await_agreement,
    alter_schema,
    give_up_nodes,
    recover_node,
    put_back_unwanted,
    alter_node,
    clear_upload,
    set_upload_aside,
    start_download,
    request_load,
    assign_native,
    assign_download,
    complete_data,
    wait_for_space,
    nobody_left,
    impasse,
    plan_repair,
    give_up_repair,
    request_repair,
    complete_repair,
    put_schema_back,
    await_views,
    complete_schema_stage,
)

MAKING_A_SCHEMA: tuple[Rule, ...] = (
    begin,
    seek_other_runs,
    withdraw,
    discover,
    read_schema_file,
    compare_schema,
    enter_schema,
    give_up_statement,
    await_schema_agreement,
    apply_statement,
    complete_schema,
)

ENDING: tuple[Rule, ...] = (
    strike_untouched,
    look_for_members,
    give_up_nodes,
    recover_node,
    stop_downloads,
    stop_native_restores,
    stop_repairs,
    settle_ledger,
    conclude,
)


def decide(state: RunState, now: datetime) -> Decision:
    """Return the next step of the run, or when to ask again if there is none now."""
    if state.over:
        return Decision()
    going_on = MAKING_A_SCHEMA if state.restores_schema else CARRYING_ON
    for rule in ALWAYS + (ENDING if state.ending else going_on):
        decision = rule(state, now)
        if decision is not None:
            return decision
    return Decision(wake_at=_wake_at(state, now))


def _wake_at(state: RunState, now: datetime) -> datetime | None:
    """When time alone changes something: never in the past, where asking again would go on for ever."""
    if state.ending:
        return None
    suspended = [until for n in state.suspended if (until := state.nodes[n].suspended_until)]
    returned = [at for b in state.returned if (at := state.batches[b].not_before)]
    repairs = [rests_until(state, unit) for unit in state.repairs.units.values() if unit.failed_at]
    return min((at for at in suspended + returned + repairs if at > now), default=None)
