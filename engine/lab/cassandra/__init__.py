"""Real Apache Cassandra nodes behind lab nodes, managed through Jolokia, which is JMX as HTTP and JSON.

What a lab node is asked as Scylla is answered from the Cassandra node at its address: keyspaces, tables with their ids and
directories, ring, tokens, compaction, view builds, repairs, and loads, which stream rows. What Cassandra does not have is
answered as by a Scylla that does not use it: tasks other than native restores and repairs do not exist, tombstone_gc is
switched in the API only. Keyspaces can be said to be on tablets; their data lies in Cassandra as everybody's. ``primary_replica_only`` and ``scope`` of a load are accepted, and
rows go to all replicas.
"""
