"""Where flags come from that are not on the command line: the environment, then the configuration file."""

from collections.abc import Callable, Mapping

from cyclopts import App, Argument, ArgumentCollection, Token

from scylla_restore.engine.config import FlagValue

PREFIX = "SCYLLA_RESTORE_"

FillIn = Callable[[App, tuple[str, ...], ArgumentCollection], None]


def from_environment(environment: Mapping[str, str]) -> FillIn:
    """Return what fills in flags from ``SCYLLA_RESTORE_<FLAG>``; a variable that is empty says nothing."""

    def fill_in(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        for argument, flag in _absent(arguments):
            variable = PREFIX + flag.upper().replace("-", "_")
            if text := environment.get(variable):
                argument.append(Token(keyword=variable, value=text, source="the environment"))

    return fill_in


def from_file(flags: Mapping[str, FlagValue], where: str) -> FillIn:
    """Return what fills in flags from ``[flags]`` of the configuration file ``where``."""

    def fill_in(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        for argument, flag in _absent(arguments):
            value = flags.get(flag)
            if value is None:
                continue
            for index, text in enumerate(value if isinstance(value, tuple) else (value,)):
                token = Token(keyword=f"[flags] {flag}", value=_text(text), source=where, index=index)
                argument.append(token)

    return fill_in


def flag_of(argument: Argument) -> str | None:
    """Return a flag's long name without the dashes; None for what is no flag."""
    return next((name[2:] for name in argument.names if name.startswith("--")), None)


def _absent(arguments: ArgumentCollection) -> list[tuple[Argument, str]]:
    """Return the flags that nobody has given yet."""
    return [
        (argument, flag)
        for argument in arguments
        if not argument.tokens and not argument.children and (flag := flag_of(argument)) is not None
    ]


def _text(value: FlagValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
