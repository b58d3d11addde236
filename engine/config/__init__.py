"""The configuration file: typed, checked once, with the line of whatever is wrong."""

from scylla_restore.engine.config.choice import ChosenCluster, ConnectionFlags, choose_cluster
from scylla_restore.engine.config.model import (
    AlternatorSettings,
    AzureSettings,
    ClusterSettings,
    Config,
    CqlSettings,
    FlagValue,
    GcsSettings,
    LocalStorageSettings,
    LogSettings,
    S3Settings,
    StorageSettings,
)
from scylla_restore.engine.config.reading import ConfigFile, find_config, load_config

__all__ = [
    "AlternatorSettings",
    "AzureSettings",
    "ChosenCluster",
    "ClusterSettings",
    "Config",
    "ConfigFile",
    "ConnectionFlags",
    "CqlSettings",
    "FlagValue",
    "GcsSettings",
    "LocalStorageSettings",
    "LogSettings",
    "S3Settings",
    "StorageSettings",
    "choose_cluster",
    "find_config",
    "load_config",
]
