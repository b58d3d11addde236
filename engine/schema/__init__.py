"""The cluster's schema: read, altered and restored through CQL, and through Alternator where tables are DynamoDB's."""
