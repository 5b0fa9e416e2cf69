"""Kinds of state that a test can leave in PostgreSQL, each with the question by which the next test would notice."""

SCHEMA = """
CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE, boss integer REFERENCES users);
CREATE TABLE plans (name text PRIMARY KEY, price numeric DEFAULT 1);
INSERT INTO plans VALUES ('free', 0), ('enterprise', 100);
CREATE VIEW names AS SELECT name FROM users;
CREATE MATERIALIZED VIEW prices AS SELECT price FROM plans;
CREATE TABLE days (day date, amount integer) PARTITION BY RANGE (day);
CREATE TABLE days_2024 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE UNLOGGED TABLE fast (a integer);
CREATE TABLE watched (a integer);
CREATE TABLE audit (id bigserial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO public.audit (what) VALUES (TG_OP); RETURN coalesce(NEW, OLD); END';
CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE watched ENABLE ALWAYS TRIGGER noted;
CREATE SEQUENCE tickets CACHE 20;
CREATE SEQUENCE numbers START 5;
SELECT nextval('numbers'), lo_from_bytea(4711, 'migrated');
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TYPE pair AS (a integer, b integer);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE "it's $body$ {x} %I" (since date, look text, word text, kind text, server text, "$body$" text);
INSERT INTO "it's $body$ {x} %I" VALUES ('2024-01-01', 'a', 'b');
CREATE TABLE kept (a integer);
CREATE RULE kept AS ON DELETE TO kept DO INSTEAD NOTHING;
ALTER TABLE kept ENABLE ALWAYS RULE kept;
CREATE PUBLICATION published FOR TABLE users;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper;
CREATE USER MAPPING FOR public SERVER elsewhere OPTIONS (login 'a');
"""
_HERE = "(SELECT oid FROM pg_database WHERE datname = current_database())"
_OF_THIS = "DO $$ BEGIN EXECUTE format('{}', current_database()); END $$"
_COUNT = "SELECT count(*) FROM {}".format

KINDS: dict[str, tuple[str, str]] = {
    "rows": ("INSERT INTO users (name) VALUES ('a'), ('b')", _COUNT("users")),
    "many rows": ("INSERT INTO users (name) SELECT 'n' || n FROM generate_series(1, 9000) n", _COUNT("users")),
    "rows of tables that refer to themselves": (
        "INSERT INTO users (name) VALUES ('a'); INSERT INTO users (name, boss) VALUES ('b', 1)",
        _COUNT("users"),
    ),
    "rows of a partition": ("INSERT INTO days VALUES ('2024-05-05', 1)", _COUNT("days")),
    "rows of an unlogged table": ("INSERT INTO fast VALUES (1)", _COUNT("fast")),
    "rows of a trigger that always fires": ("INSERT INTO watched VALUES (1), (2)", _COUNT("audit")),
    "the numbers that such a trigger took": ("INSERT INTO watched VALUES (1)", "SELECT last_value FROM audit_id_seq"),
    "rows that COPY brought": ("COPY users (name) FROM PROGRAM 'echo a'", _COUNT("users")),
    "a serial's number": ("SELECT nextval('users_id_seq')", "SELECT last_value, is_called FROM users_id_seq"),
    "a number of a sequence that migrations moved": ("SELECT nextval('numbers')", "SELECT nextval('numbers')"),
    "a reference row, new": ("INSERT INTO plans VALUES ('team', 10)", _COUNT("plans")),
    "a reference row, changed": ("UPDATE plans SET price = 5", "SELECT sum(price) FROM plans"),
    "a reference row, gone": ("DELETE FROM plans WHERE price = 0", _COUNT("plans")),
    "a reference row of odd names": ("""UPDATE "it's $body$ {x} %I" SET word = 'c'""", """SELECT word FROM "it's $body$ {x} %I\""""),
    "rows that a rule keeps": ("INSERT INTO kept VALUES (1)", _COUNT("kept")),
    "a reference row, put back": (
        "WITH gone AS (DELETE FROM plans WHERE price = 0 RETURNING *) SELECT FROM gone; INSERT INTO plans VALUES ('free', 7)",
        "SELECT sum(price) FROM plans",
    ),
    "TRUNCATE of reference rows": ("TRUNCATE plans", _COUNT("plans")),
    "a materialized view that was refreshed": (
        "INSERT INTO plans VALUES ('team', 10); REFRESH MATERIALIZED VIEW prices",
        _COUNT("prices"),
    ),
    "a large object": ("SELECT lo_from_bytea(0, 'new')", _COUNT("pg_largeobject_metadata")),
    "what a migrated large object holds": (
        "SELECT lo_put(4711, 0, 'XX')",
        "SELECT convert_from(lo_get(4711), 'utf8')",
    ),
    "a table": ("CREATE TABLE fresh (a integer)", "SELECT to_regclass('fresh')"),
    "a table that is gone": ("DROP TABLE audit CASCADE", "SELECT to_regclass('audit')"),
    "a column": ("ALTER TABLE users ADD extra integer", "SELECT count(*) FROM pg_attribute WHERE attname = 'extra'"),
    "a column's name": ("ALTER TABLE users RENAME name TO title", "SELECT attname FROM pg_attribute WHERE attname = 'title'"),
    "a column's type": ("ALTER TABLE watched ALTER a TYPE text", "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'watched'::regclass AND attname = 'a'"),
    "a column's default": ("ALTER TABLE plans ALTER price SET DEFAULT 9", "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'plans'::regclass"),
    "NOT NULL": ("ALTER TABLE users ALTER boss SET NOT NULL", "SELECT attnotnull FROM pg_attribute WHERE attname = 'boss'"),
    "a constraint": ("ALTER TABLE users ADD CHECK (id > 0)", "SELECT count(*) FROM pg_constraint WHERE conrelid = 'users'::regclass"),
    "an index": ("CREATE INDEX added ON users (boss)", "SELECT to_regclass('added')"),
    "a table's options": ("ALTER TABLE users SET (fillfactor = 50)", "SELECT reloptions FROM pg_class WHERE relname = 'users'"),
    "an owner": ("CREATE ROLE kind_owner; ALTER TABLE users OWNER TO kind_owner", "SELECT relowner::regrole FROM pg_class WHERE relname = 'users'"),
    "a view": ("CREATE VIEW fresh AS SELECT 1", "SELECT to_regclass('fresh')"),
    "a view's query": ("CREATE OR REPLACE VIEW names AS SELECT name || '!' AS name FROM users", "SELECT pg_get_viewdef('names')"),
    "a rule": ("CREATE RULE nothing AS ON INSERT TO users DO INSTEAD NOTHING", "SELECT count(*) FROM pg_rules WHERE tablename = 'users'"),
    "a partition": ("CREATE TABLE later PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')", "SELECT to_regclass('later')"),
    "a trigger": ("CREATE TRIGGER more AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note()", "SELECT count(*) FROM pg_trigger WHERE tgname = 'more'"),
    "a trigger that was switched off": ("ALTER TABLE watched DISABLE TRIGGER noted", "SELECT tgenabled FROM pg_trigger WHERE tgname = 'noted'"),
    "an event trigger": (
        """CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION seen()""",
        _COUNT("pg_event_trigger"),
    ),
    "a function": ("CREATE FUNCTION two() RETURNS integer LANGUAGE sql AS 'SELECT 2'", "SELECT to_regproc('two')"),
    "a function's body": ("CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 7'", "SELECT one()"),
    "an aggregate": ("CREATE AGGREGATE added (integer) (SFUNC = int4pl, STYPE = integer)", "SELECT to_regproc('added')"),
    "an operator": ("CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)", "SELECT to_regoper('===')"),
    "an operator family": ("CREATE OPERATOR FAMILY family USING btree", _COUNT("pg_opfamily")),
    "an operator class": (
        "CREATE OPERATOR CLASS class FOR TYPE record USING hash AS OPERATOR 1 =, FUNCTION 1 hash_record(record)",
        _COUNT("pg_opclass"),
    ),
    "a cast": ("CREATE CAST (bytea AS json) WITHOUT FUNCTION", _COUNT("pg_cast")),
    "a conversion": ("CREATE CONVERSION added FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1", _COUNT("pg_conversion")),
    "a collation": ('CREATE COLLATION added FROM "C"', "SELECT count(*) FROM pg_collation WHERE collname = 'added'"),
    "an access method": ("CREATE ACCESS METHOD added TYPE TABLE HANDLER heap_tableam_handler", _COUNT("pg_am")),
    "a language": ("CREATE TRUSTED LANGUAGE added HANDLER plpgsql_call_handler", _COUNT("pg_language")),
    "a text search configuration": ("CREATE TEXT SEARCH CONFIGURATION added (COPY = simple)", _COUNT("pg_ts_config")),
    "a text search mapping of PostgreSQL's own": ("ALTER TEXT SEARCH CONFIGURATION english DROP MAPPING FOR word", _COUNT("pg_ts_config_map")),
    "a text search dictionary": ("CREATE TEXT SEARCH DICTIONARY added (TEMPLATE = simple)", _COUNT("pg_ts_dict")),
    "a type": ("CREATE TYPE added AS (a integer)", "SELECT to_regtype('added')"),
    "a value of an enum": ("ALTER TYPE mood ADD VALUE 'so so'", "SELECT enum_range(NULL::mood)"),
    "a domain's check": ("ALTER DOMAIN positive DROP CONSTRAINT positive_check", "SELECT count(*) FROM pg_constraint WHERE contypid <> 0"),
    "a range": ("CREATE TYPE span AS RANGE (subtype = float8)", _COUNT("pg_range")),
    "a schema": ("CREATE SCHEMA added", "SELECT to_regnamespace('added')"),
    "a right to a table": ("GRANT SELECT ON users TO public", "SELECT relacl FROM pg_class WHERE relname = 'users'"),
    "a right to the schema": ("REVOKE ALL ON SCHEMA public FROM public", "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'"),
    "a default right": ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public", _COUNT("pg_default_acl")),
    "a policy": ("ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON users USING (false)", _COUNT("pg_policy")),
    "a comment": ("COMMENT ON TABLE users IS 'changed'", "SELECT obj_description('users'::regclass)"),
    "a comment on the schema": ("COMMENT ON SCHEMA public IS 'changed'", "SELECT obj_description('public'::regnamespace)"),
    "a publication": ("CREATE PUBLICATION added FOR TABLE users", _COUNT("pg_publication")),
    "a subscription": (
        "CREATE SUBSCRIPTION added CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
        _COUNT("pg_subscription"),
    ),
    "a publication of a schema": ("ALTER PUBLICATION published ADD TABLES IN SCHEMA public", _COUNT("pg_publication_namespace")),
    "a user mapping": ("ALTER USER MAPPING FOR public SERVER elsewhere OPTIONS (SET login 'b')", "SELECT umoptions FROM pg_user_mappings"),
    "a user mapping that is gone": ("DROP USER MAPPING FOR public SERVER elsewhere", _COUNT("pg_user_mappings")),
    "extended statistics": ("CREATE STATISTICS added ON id, name FROM users", _COUNT("pg_statistic_ext")),
    "a foreign data wrapper": ("CREATE FOREIGN DATA WRAPPER added", _COUNT("pg_foreign_data_wrapper")),
    "an extension that is gone": ("DROP EXTENSION plpgsql CASCADE", _COUNT("pg_extension")),
    "a sequence's step": ("ALTER SEQUENCE numbers INCREMENT 7", "SELECT seqincrement FROM pg_sequence WHERE seqrelid = 'numbers'::regclass"),
    "a setting of the database": (_OF_THIS.format("ALTER DATABASE %I SET work_mem = ''77MB''"), "SHOW work_mem"),
    "a setting of a role here": (_OF_THIS.format("ALTER ROLE test IN DATABASE %I SET work_mem = ''77MB''"), "SHOW work_mem"),
    "a setting of a role": ("ALTER ROLE test SET work_mem = '77MB'", "SHOW work_mem"),
    "a time limit of a role": ("ALTER ROLE test SET statement_timeout = '1ms'", "SHOW statement_timeout"),
    "a role that may only read": ("ALTER ROLE test SET default_transaction_read_only = on", "SHOW default_transaction_read_only"),
    "a role that becomes another one": ("CREATE ROLE kind_other; ALTER ROLE test SET role = kind_other", "SELECT current_user"),
    "a time limit of the database": (_OF_THIS.format("ALTER DATABASE %I SET statement_timeout = 1"), "SHOW statement_timeout"),
    "a setting of all roles": ("ALTER ROLE ALL SET work_mem = '77MB'", "SHOW work_mem"),
    "a setting of the system": ("ALTER SYSTEM SET work_mem = '77MB'", "SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem'"),
    "a right to the database": (_OF_THIS.format("REVOKE CONNECT ON DATABASE %I FROM public"), f"SELECT datacl FROM pg_database WHERE oid = {_HERE}"),
    "a limit of the database": (_OF_THIS.format("ALTER DATABASE %I CONNECTION LIMIT 50"), f"SELECT datconnlimit FROM pg_database WHERE oid = {_HERE}"),
    "a database that is a template": (_OF_THIS.format("ALTER DATABASE %I IS_TEMPLATE true"), f"SELECT datistemplate FROM pg_database WHERE oid = {_HERE}"),
    "an owner of the database": ("CREATE ROLE kind_lord;" + _OF_THIS.format("ALTER DATABASE %I OWNER TO kind_lord"), f"SELECT datdba::regrole FROM pg_database WHERE oid = {_HERE}"),
    "a comment on the database": (_OF_THIS.format("COMMENT ON DATABASE %I IS ''changed''"), f"SELECT shobj_description({_HERE}, 'pg_database')"),
    "a setting of the connection": ("SET work_mem = '77MB'", "SHOW work_mem"),
    "a temporary table": ("CREATE TEMP TABLE users (a integer)", "SELECT 'users'::regclass::oid"),
    "a listener": ("LISTEN news", "SELECT count(*) FROM pg_listening_channels()"),
    "a prepared statement": ("PREPARE added AS SELECT 1", _COUNT("pg_prepared_statements")),
    "an index that was dropped and made anew": (
        "ALTER TABLE users DROP CONSTRAINT users_name_key; ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name)",
        "SELECT oid FROM pg_class WHERE relname = 'users_name_key'",
    ),
}  # fmt: skip
"""What a test leaves, in the words of SQL, and what the next one asks."""
