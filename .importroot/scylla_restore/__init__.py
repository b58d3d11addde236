"""scylla-restore: an event-sourced engine that restores ScyllaDB backups made by Scylla Manager."""

__version__ = "0.1.0"
