"""A table of Alternator as a backup describes it: what is not set is null, times are text."""

from typing import Any

ORDERS: dict[str, Any] = {
    "describe": {
        "ArchivalSummary": None,
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "day", "AttributeType": "S"},
        ],
        "BillingModeSummary": {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": "2025-01-14T18:32:31Z",
        },
        "CreationDateTime": "2025-01-14T18:32:31Z",
        "DeletionProtectionEnabled": None,
        "GlobalSecondaryIndexes": [
            {
                "Backfilling": None,
                "IndexArn": "arn:scylla:alternator:alternator_orders:scylla:table/orders/index/by_day",
                "IndexName": "by_day",
                "IndexSizeBytes": None,
                "IndexStatus": "ACTIVE",
                "ItemCount": None,
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "OnDemandThroughput": None,
                "Projection": {"NonKeyAttributes": None, "ProjectionType": "ALL"},
                "ProvisionedThroughput": None,
                "WarmThroughput": None,
            }
        ],
        "ItemCount": 0,
        "KeySchema": [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexArn": None,
                "IndexName": "of_day",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "day", "KeyType": "RANGE"},
                ],
                "Projection": {"NonKeyAttributes": ["total"], "ProjectionType": "INCLUDE"},
            }
        ],
        "OnDemandThroughput": None,
        "ProvisionedThroughput": {
            "LastDecreaseDateTime": None,
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "SSEDescription": None,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        "TableArn": "arn:scylla:alternator:alternator_orders:scylla:table/orders",
        "TableClassSummary": None,
        "TableId": "0ab1c2d0-e690-11f1-84a7-af38a15d5dbc",
        "TableName": "orders",
        "TableSizeBytes": 0,
        "TableStatus": "ACTIVE",
        "WarmThroughput": None,
    },
    "tags": [
        {"Key": "system:write_isolation", "Value": "always"},
        {"Key": "team", "Value": "sales"},
    ],
    "ttl": {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"},
}
