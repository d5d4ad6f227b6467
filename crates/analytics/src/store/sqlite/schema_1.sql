-- A plan without its rows. Sequences have no gaps.
CREATE TABLE plans (
    sequence        INTEGER PRIMARY KEY,
    batch_id        BLOB    NOT NULL UNIQUE CHECK (length(batch_id) = 16),
    run_id          BLOB    CHECK (length(run_id) = 16),
    record_time_us  INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    drivers         INTEGER NOT NULL,
    assigned        INTEGER NOT NULL,
    total_quarters  INTEGER NOT NULL,
    greedy_quarters INTEGER NOT NULL,
    queue_ns        INTEGER NOT NULL,
    score_ns        INTEGER NOT NULL,
    solve_ns        INTEGER NOT NULL,
    certify_ns      INTEGER NOT NULL,
    trace_id        BLOB    CHECK (length(trace_id) = 16),
    digest          BLOB    NOT NULL CHECK (length(digest) = 32),
    street_name     INTEGER NOT NULL,
    attempt         INTEGER NOT NULL
) STRICT;

CREATE INDEX plans_of_run ON plans (run_id) WHERE run_id IS NOT NULL;

-- The rows of plans. A part stands at sequence * 2^20 + its number, so that new ones are appended.
CREATE TABLE parts (
    place INTEGER PRIMARY KEY,
    body  BLOB    NOT NULL
) STRICT;

-- What each driver carried, a row a day, run and driver. run_id is empty for batches sent by hand.
-- driver is the id where by_id is 1, else the name.
CREATE TABLE tallies (
    day            INTEGER NOT NULL,
    run_id         BLOB    NOT NULL,
    by_id          INTEGER NOT NULL,
    driver         TEXT    NOT NULL,
    name           TEXT,
    assigned       INTEGER NOT NULL,
    unassigned     INTEGER NOT NULL,
    total_quarters INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    PRIMARY KEY (day, run_id, by_id, driver)
) STRICT, WITHOUT ROWID;

-- A group of plans that was committed together, with the totals of all plans up to and with it: the
-- totals of any window are a difference of two rows. commit_ns is written with the next group.
CREATE TABLE commits (
    last_sequence   INTEGER PRIMARY KEY,
    first_sequence  INTEGER NOT NULL,
    record_time_us  INTEGER NOT NULL,
    commit_ns       INTEGER,
    plans           INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    drivers         INTEGER NOT NULL,
    assigned        INTEGER NOT NULL,
    total_quarters  INTEGER NOT NULL,
    greedy_quarters INTEGER NOT NULL
) STRICT;

CREATE INDEX commits_by_time ON commits (record_time_us);

-- The same for each run in a group. first_time_us is the run's first plan's.
CREATE TABLE run_commits (
    run_id          BLOB    NOT NULL,
    last_sequence   INTEGER NOT NULL,
    first_time_us   INTEGER NOT NULL,
    plans           INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    drivers         INTEGER NOT NULL,
    assigned        INTEGER NOT NULL,
    total_quarters  INTEGER NOT NULL,
    greedy_quarters INTEGER NOT NULL,
    PRIMARY KEY (run_id, last_sequence)
) STRICT, WITHOUT ROWID;

-- One row that changes with every try to find out whether the store can be written.
CREATE TABLE probes (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probes VALUES (1, 0);
