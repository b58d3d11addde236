"""All statements about the log's tables; ``%s`` stands for the keyspace."""

from typing import Final

# Only what lies beside the rows, which DISTINCT says.
BUCKET: Final = """
SELECT DISTINCT epoch, owner, base, head, head_hash, size, closed, lease, ttl(lease)
FROM %s.records WHERE run = ? AND bucket = ?
"""
OPEN_BUCKET: Final = """
UPDATE %s.records SET epoch = ?, owner = ?, base = ?, head = ?, head_hash = ?, size = 0, closed = false
WHERE run = ? AND bucket = ? IF epoch = null
"""
PUT_LEASE: Final = """
UPDATE %s.records USING TTL ? SET lease = ? WHERE run = ? AND bucket = ?
"""
TAKE: Final = """
UPDATE %s.records SET epoch = ?, owner = ? WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false
"""
TAKE_IF_FREE: Final = """
UPDATE %s.records SET epoch = ?, owner = ? WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false AND lease = null
"""
MOVE_HEAD: Final = """
UPDATE %s.records SET head = ?, head_hash = ?, size = ? WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false AND head = ? AND head_hash = ?
"""
INSERT_GROUP: Final = """
INSERT INTO %s.records (run, bucket, seq, hash, count, records, hashes, pieces) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
CLOSE_BUCKET: Final = """
UPDATE %s.records SET closed = true WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false AND head = ? AND head_hash = ?
"""
RENEW: Final = """
UPDATE %s.records USING TTL ? SET lease = ? WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false
"""
RELEASE: Final = """
UPDATE %s.records SET lease = null WHERE run = ? AND bucket = ?
IF epoch = ? AND closed = false
"""
GROUPS: Final = """
SELECT seq, hash, count, records, hashes, pieces FROM %s.records
WHERE run = ? AND bucket = ? AND seq >= ? ORDER BY seq LIMIT ?
"""
HEAD: Final = """
SELECT DISTINCT head FROM %s.records WHERE run = ? AND bucket = ?
"""

PUT_PIECE: Final = """
INSERT INTO %s.pieces (run, key, number, piece) VALUES (?, ?, ?, ?)
"""
PIECES: Final = """
SELECT number, piece FROM %s.pieces WHERE run = ? AND key = ? AND number >= ? LIMIT ?
"""
DROP_PIECES: Final = """
DELETE FROM %s.pieces WHERE run = ? AND key = ?
"""

FIND_RUN: Final = """
SELECT number FROM %s.runs WHERE catalogue = ? AND run = ?
"""
LAST_RUN: Final = """
SELECT DISTINCT last FROM %s.runs WHERE catalogue = ?
"""
COUNT_RUN: Final = """
UPDATE %s.runs SET last = ? WHERE catalogue = ? IF last = ?
"""
ADD_RUN: Final = """
INSERT INTO %s.runs (catalogue, run, number) VALUES (?, ?, ?) IF NOT EXISTS
"""
ALL_RUNS: Final = """
SELECT number, run FROM %s.runs WHERE catalogue = ?
"""

POST_REQUEST: Final = """
INSERT INTO %s.requests (run, kind, requested_by, posted) VALUES (?, ?, ?, now()) IF NOT EXISTS
"""
REQUESTS: Final = """
SELECT posted, kind, requested_by FROM %s.requests WHERE run = ?
"""
CLEAR_REQUEST: Final = """
DELETE FROM %s.requests WHERE run = ? AND kind = ? IF EXISTS
"""

SAVE_CHECKPOINT: Final = """
INSERT INTO %s.checkpoints (run, name, seq, hash, key, size) VALUES (?, ?, ?, ?, ?, ?)
"""
LOAD_CHECKPOINT: Final = """
SELECT seq, hash, key, size FROM %s.checkpoints WHERE run = ? AND name = ?
"""
