CREATE TABLE executives (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, placed_at timestamptz NOT NULL);
