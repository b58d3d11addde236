"""Fuzzes one target, guided by coverage: ``TARGET DIRECTORY [libFuzzer's flags]``. The corpus is kept in the directory."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scylla_restore"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run until time is over, or the target raises: what made it so is kept beside the corpus."""
    name, directory, *flags = sys.argv[1:]
    target, seeds = TARGETS[name]
    corpus = Path(directory) / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    found = f"-artifact_prefix={directory}/{name}-"
    atheris.Setup([sys.argv[0], *flags, found, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
