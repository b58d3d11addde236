"""Quantities as people read them."""

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024


def bytes_text(size: float) -> str:
    """Return a number of bytes with the unit that fits: ``1.5 GiB``."""
    unit = 0
    # 1023.95 would be printed as 1024.0: better as 1.0 of the next unit.
    while round(size, 1) >= _STEP and unit < len(_BINARY) - 1:
        size /= _STEP
        unit += 1
    return f"{size:.0f} B" if unit == 0 else f"{size:.1f} {_BINARY[unit]}"


def duration_text(seconds: float) -> str:
    """Return a duration by its two largest units: ``2h 05m``, ``41s``."""
    total = round(seconds)
    days, hours, minutes = total // 86_400, total // 3600 % 24, total // 60 % 60
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    if minutes:
        return f"{minutes}m {total % 60:02}s"
    return f"{total}s"


def rate_text(size: int, milliseconds: int) -> str:
    """Return how fast ``size`` bytes moved; a dash where no time has passed."""
    return f"{bytes_text(size * 1000 / milliseconds)}/s" if milliseconds else "-"


def percent_text(part: int, whole: int) -> str:
    """Return a share in percent, cut to a tenth; nothing of nothing is all of it."""
    return f"{part * 1000 // whole / 10 if whole else 100.0:.1f} %"


def count_text(count: int, what: str, many: str | None = None) -> str:
    """Return a number of things, whose plural ends in s unless it is given: ``1 node``, ``2 nodes``."""
    return f"{count} {what}" if count == 1 else f"{count} {many or f'{what}s'}"
