"""The tables of the database, as migrations: the n-th brings a database of version n to version n + 1.

Instants are milliseconds since the epoch (UTC). A migration that was ever released is never changed.
"""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        flow_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        state TEXT NOT NULL,
        start INTEGER NOT NULL,
        finish INTEGER,
        duration INTEGER,
        trigger_id TEXT,
        trigger_type TEXT,
        trigger_execution_id TEXT,
        parent_id TEXT,
        original_id TEXT,
        kind TEXT,
        schedule_date INTEGER,
        pid INTEGER,
        pid_start TEXT,
        admitted INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX executions_by_start ON executions (start, id);
    CREATE INDEX executions_by_flow ON executions (namespace, flow_id, state, start);
    CREATE INDEX executions_of_flow ON executions (namespace, flow_id, start, id);
    CREATE INDEX executions_by_state ON executions (state, start, id);
    CREATE INDEX executions_unfinished ON executions (start, id) WHERE finish IS NULL;
    CREATE INDEX executions_by_parent ON executions (parent_id) WHERE parent_id IS NOT NULL;
    CREATE INDEX executions_by_trigger ON executions (trigger_execution_id) WHERE trigger_execution_id IS NOT NULL;

    CREATE TABLE labels (
        execution_id TEXT NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (execution_id, position)
    ) WITHOUT ROWID;
    CREATE INDEX labels_by_key ON labels (key, value, execution_id);

    CREATE TABLE key_values (
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        type TEXT NOT NULL,
        value TEXT NOT NULL,
        description TEXT,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        expires INTEGER,
        PRIMARY KEY (namespace, key)
    ) WITHOUT ROWID;

    CREATE TABLE flow_revisions (
        namespace TEXT NOT NULL,
        flow_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        source TEXT NOT NULL,
        files_digest TEXT NOT NULL,
        created INTEGER NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (namespace, flow_id, revision)
    ) WITHOUT ROWID;

    CREATE TABLE trigger_states (
        namespace TEXT NOT NULL,
        flow_id TEXT NOT NULL,
        trigger_id TEXT NOT NULL,
        date INTEGER,
        next_date INTEGER,
        execution_id TEXT,
        evaluating INTEGER,
        updated INTEGER NOT NULL,
        disabled INTEGER NOT NULL DEFAULT 0,
        extra TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (namespace, flow_id, trigger_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX executions_held ON executions (start, id) WHERE finish IS NOT NULL AND pid IS NOT NULL
    """,
)

KEPT_TABLES: tuple[str, ...] = ("key_values", "flow_revisions", "trigger_states")
"""Tables that no journal can restore: they are copied out of a damaged database as far as possible."""
