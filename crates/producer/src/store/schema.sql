-- Runs, how they were started and how far they got. Unsigned 64-bit numbers are stored bit for bit.
CREATE TABLE runs (
    run_id          BLOB    PRIMARY KEY,          -- 16 bytes
    start_ms        INTEGER NOT NULL,             -- since the Unix epoch
    request         BLOB    NOT NULL,             -- StartRunRequest without its records
    digest          BLOB    NOT NULL,             -- BLAKE3 of the whole request
    phase           INTEGER NOT NULL,             -- 0 running, 1 draining, 2 ended
    ending          INTEGER NOT NULL,             -- 0 finished, 1 stopped, 2 failed; 0 while running
    failure         BLOB,                         -- google.rpc.Status of a failed run
    end_ms          INTEGER,                      -- of an ended run
    sent            INTEGER NOT NULL,
    reserved        INTEGER NOT NULL,
    missed          INTEGER NOT NULL,
    settled         INTEGER NOT NULL,
    rejected        INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    assigned        INTEGER NOT NULL,
    quarters        INTEGER NOT NULL,
    greedy_quarters INTEGER NOT NULL,
    answered        BLOB    NOT NULL,             -- ranges of answered numbers
    last_error      BLOB                          -- google.rpc.Status of the last refusal
) WITHOUT ROWID;
CREATE INDEX runs_by_start ON runs (start_ms, run_id);
CREATE INDEX runs_unfinished ON runs (phase) WHERE phase < 2;

-- Records that cannot be made again: of a call (number -1: every batch), or of a pair of files.
CREATE TABLE contents (
    run_id    BLOB    NOT NULL,
    number    INTEGER NOT NULL,
    shipments BLOB    NOT NULL,
    drivers   BLOB    NOT NULL,
    PRIMARY KEY (run_id, number)
);

-- Pairs of files that were taken from the watched folder and still lie in it.
CREATE TABLE pairs (
    run_id  BLOB    NOT NULL,
    number  INTEGER NOT NULL,
    name    TEXT    NOT NULL UNIQUE,
    files   BLOB    NOT NULL,                     -- their names, sizes and times, as JSON
    outcome BLOB,                                 -- empty: settled; a google.rpc.Status: rejected
    PRIMARY KEY (run_id, number)
);

CREATE TABLE rosters (
    name      TEXT    PRIMARY KEY,
    drivers   INTEGER NOT NULL,
    create_ms INTEGER NOT NULL,
    digest    BLOB    NOT NULL,                   -- BLAKE3 of what the drivers are
    seed      INTEGER,                            -- of made-up drivers
    content   BLOB                                -- of others
) WITHOUT ROWID;
