"""What shells read to complete this program's words: each asks the program itself, with what stands before the cursor."""

import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from scylla_restore.engine.cli.completing import Candidate

SCRIPTS: Final = {
    "bash": """\
# Completion of scylla-restore for bash.
_scylla_restore() {
    local IFS=$'\\n'
    COMPREPLY=($("${COMP_WORDS[0]/#\\~/$HOME}" __complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
}
complete -o default -F _scylla_restore scylla-restore
""",
    "zsh": """\
#compdef scylla-restore
# Completion of scylla-restore for zsh.
_scylla_restore() {
    local -a found
    found=("${(@f)$("${words[1]/#\\~/$HOME}" __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then
        _describe -V 'scylla-restore' found
    else
        _files
    fi
}
if [[ ${funcstack[1]} == _scylla_restore ]]; then
    _scylla_restore "$@"
else
    compdef _scylla_restore scylla-restore
fi
""",
    "fish": """\
# Completion of scylla-restore for fish.
function __scylla_restore_complete
    set -l typed (commandline -opc)
    set -l found (scylla-restore __complete fish $typed[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c scylla-restore -f -k -a '(__scylla_restore_complete)'
""",
}


def typed_words(shell: str, given: Sequence[str]) -> tuple[str, ...]:
    """Return the words after the program's name, up to the cursor, from what a shell's script hands on.

    Bash takes words apart at colons, so its script hands on the line.
    """
    if shell != "bash":
        return tuple(given)
    (line,) = given or ("",)
    words = _split(line)
    return (*words[1:], *([""] if line[-1:].isspace() else []))


def _split(line: str) -> list[str]:
    for end in ("", "'", '"'):  # a quote may be open at the cursor
        with suppress(ValueError):
            return shlex.split(f"{line}{end}")
    return line.split()


def answer_lines(shell: str, candidates: Iterable[Candidate], begun: str) -> list[str]:
    """Return the candidates as the shell's script takes them, a line each; ``begun`` is the word at the cursor."""
    flag = f"{begun.partition('=')[0]}=" if begun.startswith("--") and "=" in begun else ""
    match shell:
        case "zsh":
            return [
                f"{_escaped(flag + each.word)}{f':{each.what}' if each.what else ''}" for each in candidates
            ]
        case "fish":
            return [f"{flag}{each.word}\t{each.what}" for each in candidates]
        case _:  # bash begins a new word after `=`
            return [each.word for each in candidates]


def _escaped(word: str) -> str:
    """Return a word in which zsh does not take a colon for the end."""
    return word.replace("\\", "\\\\").replace(":", "\\:")
