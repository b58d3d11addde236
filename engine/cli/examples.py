"""What `--help` of a command shows beside its flags: how it is typed."""

from textwrap import wrap
from typing import Final

EVERYWHERE: Final = (
    "Every flag can be given as SCYLLA_RESTORE_<FLAG>, or in [flags] of the configuration file."
)

_COLUMNS: Final = 80
_TARGET: Final = "-L s3:my-backups -T sm_20261122135706UTC --restore-tables"

_EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "": (
        "scylla-restore demo",
        "scylla-restore backups -L s3:my-backups",
        f"scylla-restore plan {_TARGET}",
        f"scylla-restore run {_TARGET}",
        "scylla-restore resume",
    ),
    "backups": (
        "scylla-restore backups -L s3:my-backups",
        "scylla-restore backups -L s3:my-backups -T sm_20261122135706UTC",
    ),
    "plan": (
        f"scylla-restore plan {_TARGET}",
        f"scylla-restore plan {_TARGET} -K 'shop.*,!shop.sessions' --show-tables",
    ),
    "run": (
        f"scylla-restore run {_TARGET}",
        f"scylla-restore run {_TARGET} -K 'shop.*' --rename shop=shop_before",
        f"scylla-restore run {_TARGET} --dc-mapping dc1=dc2 --rate-limit dc2:100",
    ),
    "resume": (
        "scylla-restore resume",
        "scylla-restore resume 59a0 --parallel 2",
        "scylla-restore resume 59a0 --take-over",
    ),
    "pause": ("scylla-restore pause 59a0",),
    "abort": ("scylla-restore abort 59a0",),
    "progress": (
        "scylla-restore progress --watch",
        "scylla-restore progress 59a0 --details",
        "scylla-restore progress 59a0 --json",
    ),
    "runs": ("scylla-restore runs", "scylla-restore runs --json"),
    "events": ("scylla-restore events 59a0 --follow", "scylla-restore events 59a0 --since 100 --json"),
    "audit": ("scylla-restore audit 59a0",),
    "rebuild": ("scylla-restore rebuild 59a0",),
    "doctor": (
        "scylla-restore doctor",
        "scylla-restore doctor 59a0 --details",
        "scylla-restore doctor 59a0 --fix",
    ),
    "demo": ("scylla-restore demo", "scylla-restore demo --nodes 5 --keep demo"),
    "completion": (
        "scylla-restore completion bash > ~/.local/share/bash-completion/completions/scylla-restore",
        "scylla-restore completion zsh > ~/.zfunc/_scylla-restore",
        "scylla-restore completion fish > ~/.config/fish/completions/scylla-restore.fish",
    ),
    "version": ("scylla-restore version", "scylla-restore version --json"),
    "lab": (
        "scylla-restore lab up --dir lab",
        "scylla-restore lab backup --dir lab -L localstorage:backups",
        "scylla-restore lab fault --dir lab --kind slow",
    ),
    "up": ("scylla-restore lab up --dir lab",),
    "backup": ("scylla-restore lab backup --dir lab -L localstorage:backups",),
    "fault": (
        "scylla-restore lab fault --dir lab --kind slow --node 127.0.0.12",
        "scylla-restore lab fault --dir lab --clear",
    ),
}


def epilogue(command: str) -> str:
    """Return what stands below the flags of a command; the program itself is the empty name."""
    examples = [line for example in _EXAMPLES.get(command, ()) for line in _lines(example)]
    return "\n".join([*(["Examples:", *examples, ""] if examples else []), *wrap(EVERYWHERE, _COLUMNS)])


def _lines(example: str) -> list[str]:
    """Return a command that can be typed as it stands there, though a line holds no more than a terminal's."""
    if len(example) + 2 <= _COLUMNS:
        return [f"  {example}"]
    lines = wrap(
        example, _COLUMNS - 2, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]
