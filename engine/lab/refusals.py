"""How a call of the agent is refused: a status and the agent's own words."""

from http import HTTPStatus


class CallRefused(Exception):
    """A call fails with ``status`` and ``message``."""

    def __init__(self, message: str, status: int = HTTPStatus.INTERNAL_SERVER_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.status = int(status)


def object_not_found() -> CallRefused:
    """There is no such object."""
    return CallRefused("object not found", HTTPStatus.NOT_FOUND)


def directory_not_found() -> CallRefused:
    """There is no such directory, or no such bucket."""
    return CallRefused("directory not found", HTTPStatus.NOT_FOUND)


def permission_denied() -> CallRefused:
    """The agent's own rules forbid it."""
    return CallRefused("permission denied")


def outside_of_root() -> CallRefused:
    """A path leaves the directory that it must stay in."""
    return CallRefused("accessing path outside of root", HTTPStatus.NOT_FOUND)


def job_not_found(status: int) -> CallRefused:
    """The agent does not know the job (any more)."""
    return CallRefused("job not found", status)


class Interrupted(Exception):
    """A job was stopped, or its agent died."""
