-- Plans of a group share group_id and are numbered by nth from 0, as they came. A group has its id, and
-- its rows are written, before its place in the order of commits is known: the sequence of a plan is
-- first_sequence + nth. The ids say nothing of the order.
CREATE SEQUENCE group_ids AS bigint;
CREATE TABLE groups (
    group_id       bigint PRIMARY KEY,
    first_sequence bigint NOT NULL
);

-- One row that changes with every try to find out whether the store can be written.
CREATE TABLE probes (
    id    boolean PRIMARY KEY DEFAULT true CHECK (id),
    count bigint  NOT NULL
);
INSERT INTO probes (count) VALUES (0);

-- The end of the order of commits, with the totals of all plans. One row: a group locks it last, and
-- holds it until it is committed. The dropped_ columns are how much of the totals is not kept any more.
CREATE TABLE head (
    id                      boolean PRIMARY KEY DEFAULT true CHECK (id),
    last_sequence           bigint NOT NULL,
    record_time_us          bigint NOT NULL,
    plans                   bigint NOT NULL,
    shipments               bigint NOT NULL,
    drivers                 bigint NOT NULL,
    assigned                bigint NOT NULL,
    total_quarters          bigint NOT NULL,
    greedy_quarters         bigint NOT NULL,
    dropped_plans           bigint NOT NULL DEFAULT 0,
    dropped_shipments       bigint NOT NULL DEFAULT 0,
    dropped_drivers         bigint NOT NULL DEFAULT 0,
    dropped_assigned        bigint NOT NULL DEFAULT 0,
    dropped_total_quarters  bigint NOT NULL DEFAULT 0,
    dropped_greedy_quarters bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO head VALUES (true, 0, 0, 0, 0, 0, 0, 0, 0);

-- The same of each run, with the days (since 1970-01-01, UTC) in which it has plans.
CREATE TABLE runs (
    run_id                  uuid    PRIMARY KEY,
    first_time_us           bigint  NOT NULL,
    first_day               integer NOT NULL,
    last_day                integer NOT NULL,
    plans                   bigint  NOT NULL,
    shipments               bigint  NOT NULL,
    drivers                 bigint  NOT NULL,
    assigned                bigint  NOT NULL,
    total_quarters          bigint  NOT NULL,
    greedy_quarters         bigint  NOT NULL,
    dropped_plans           bigint  NOT NULL DEFAULT 0,
    dropped_shipments       bigint  NOT NULL DEFAULT 0,
    dropped_drivers         bigint  NOT NULL DEFAULT 0,
    dropped_assigned        bigint  NOT NULL DEFAULT 0,
    dropped_total_quarters  bigint  NOT NULL DEFAULT 0,
    dropped_greedy_quarters bigint  NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The days that have plans, and where each begins.
CREATE TABLE days (
    day            integer PRIMARY KEY,
    first_sequence bigint  NOT NULL,
    first_time_us  bigint  NOT NULL
);

-- Every batch that is recorded, once: what makes a batch id unique over all days and replicas.
CREATE TABLE batches (
    batch_id uuid    PRIMARY KEY,
    day      integer NOT NULL,
    group_id bigint  NOT NULL,
    nth      integer NOT NULL
);

-- The tables from here on have a partition a day: the day on which a plan was recorded.

-- A plan without its rows.
CREATE TABLE plans (
    day             integer NOT NULL,
    group_id        bigint  NOT NULL,
    nth             integer NOT NULL,
    batch_id        uuid    NOT NULL,
    run_id          uuid,
    shipments       bigint  NOT NULL,
    drivers         bigint  NOT NULL,
    assigned        bigint  NOT NULL,
    total_quarters  bigint  NOT NULL,
    greedy_quarters bigint  NOT NULL,
    queue_ns        bigint  NOT NULL,
    score_ns        bigint  NOT NULL,
    solve_ns        bigint  NOT NULL,
    certify_ns      bigint  NOT NULL,
    trace_id        bytea   CHECK (octet_length(trace_id) = 16),
    digest          bytea   NOT NULL CHECK (octet_length(digest) = 32),
    street_name     integer NOT NULL,
    attempt         bigint  NOT NULL,
    PRIMARY KEY (day, group_id, nth)
) PARTITION BY RANGE (day);

-- The rows of plans. They are dense already: not compressed again.
CREATE TABLE parts (
    day      integer NOT NULL,
    group_id bigint  NOT NULL,
    nth      integer NOT NULL,
    part     integer NOT NULL,
    body     bytea   NOT NULL,
    PRIMARY KEY (day, group_id, nth, part)
) PARTITION BY RANGE (day);
ALTER TABLE parts ALTER COLUMN body SET STORAGE EXTERNAL;

-- What each driver carried, a row a day, run, driver and lane; run_id is null for batches sent by hand.
-- Each replica writes to a lane of its own, so that none waits for another's. key is the driver's id
-- where by_id, else the name; one too long for an index has its hash there and itself in long_key.
-- The _lower columns are for what is not ASCII: the database's own lower() depends on how it was built.
CREATE TABLE tallies (
    day            integer  NOT NULL,
    run_id         uuid,
    by_id          boolean  NOT NULL,
    key            text     COLLATE "C" NOT NULL,
    lane           smallint NOT NULL,
    long_key       text     COLLATE "C",
    name           text     COLLATE "C",
    key_lower      text     COLLATE "C",
    name_lower     text     COLLATE "C",
    assigned       bigint   NOT NULL,
    unassigned     bigint   NOT NULL,
    total_quarters bigint   NOT NULL,
    last_group_id  bigint   NOT NULL,
    last_nth       integer  NOT NULL,
    UNIQUE NULLS NOT DISTINCT (day, run_id, by_id, key, lane)
) PARTITION BY RANGE (day);

-- A group of plans that was committed together, with the totals of all plans up to and with it: the
-- totals of any window are a difference of two rows. commit_ns is written with the replica's next group.
-- A group that waited for another over midnight is refused by commits_day, and comes again.
CREATE TABLE commits (
    day             integer NOT NULL,
    last_sequence   bigint  NOT NULL,
    first_sequence  bigint  NOT NULL,
    group_id        bigint  NOT NULL,
    record_time_us  bigint  NOT NULL,
    commit_ns       bigint,
    plans           bigint  NOT NULL,
    shipments       bigint  NOT NULL,
    drivers         bigint  NOT NULL,
    assigned        bigint  NOT NULL,
    total_quarters  bigint  NOT NULL,
    greedy_quarters bigint  NOT NULL,
    PRIMARY KEY (day, last_sequence),
    CONSTRAINT commits_day CHECK (day = record_time_us / 86400000000)
) PARTITION BY RANGE (day);
CREATE INDEX ON commits (day, record_time_us);

-- The same for each run in a group.
CREATE TABLE run_commits (
    day             integer NOT NULL,
    run_id          uuid    NOT NULL,
    last_sequence   bigint  NOT NULL,
    plans           bigint  NOT NULL,
    shipments       bigint  NOT NULL,
    drivers         bigint  NOT NULL,
    assigned        bigint  NOT NULL,
    total_quarters  bigint  NOT NULL,
    greedy_quarters bigint  NOT NULL,
    PRIMARY KEY (day, run_id, last_sequence)
) PARTITION BY RANGE (day);
