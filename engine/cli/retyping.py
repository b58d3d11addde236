"""Commands for a person to type next: with the flags that lead to the same log and cluster again."""

import shlex

from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.secrets import SecretReference

_PROGRAM = "scylla-restore"


def command_to_type(context: Context, *words: str) -> str:
    """Return a command line. A token that was given as itself is left out: it is asked for again."""
    flags = context.flags
    token = flags.auth_token
    if token is not None and SecretReference(token).is_literal:
        token = None
    given = {
        "--config": flags.config,
        "--log": flags.log,
        "--cluster": flags.cluster,
        "--host": ",".join(flags.host) or None,
        "--port": flags.port,
        "--auth-token": token,
        "--tls-ca": flags.tls_ca,
        "--tls-fingerprint": flags.tls_fingerprint,
    }
    typed = [_PROGRAM, *words]
    for flag, value in given.items():
        if value is not None:
            typed += [flag, str(value)]
    if flags.insecure:
        typed.append("--insecure")
    return shlex.join(typed)
