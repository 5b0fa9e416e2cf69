"""What belongs to a database and not to its content: CREATE DATABASE leaves it out of a clone, and this copies it."""

from ci_toolkit.isolation.catalogs import IS_SUPERUSER, SETTINGS_TO_COPY
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import literal, quoted


def copy_settings(connection: Connection, template: str, clone: str) -> None:
    """Give ``clone`` what ``template`` has: settings, those of roles in it as well, rights, limit and comment."""
    for role, setting, value in _settings(connection, template):
        whose = f"ROLE {quoted(role)} IN DATABASE {quoted(clone)}" if role else f"DATABASE {quoted(clone)}"
        connection.query(
            f"SELECT set_config({literal(setting)}, {literal(value)}, false);"
            f"ALTER {whose} SET {quoted(setting)} FROM CURRENT; RESET {quoted(setting)}"
        )
    for (statement,) in connection.query(_STATEMENTS.format(template=literal(template), clone=literal(clone))):
        connection.query(statement or "")


def _settings(connection: Connection, template: str) -> list[tuple[str, str, str]]:
    rows = connection.query(
        "SELECT coalesce(rolname, ''), unnest(setconfig) FROM pg_db_role_setting"
        " JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole"
        f" WHERE datname = {literal(template)} AND {SETTINGS_TO_COPY}"
    )
    pairs = ((role or "", (text or "").partition("=")) for role, text in rows)
    return [(role, setting, value) for role, (setting, _, value) in pairs]


_STATEMENTS = f"""
    SELECT format('ALTER DATABASE %I OWNER TO %I', {{clone}}, pg_get_userbyid(datdba)) FROM pg_database
      WHERE datname = {{template}} AND {IS_SUPERUSER} AND pg_get_userbyid(datdba) <> current_user
    UNION ALL
    SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {{clone}}) FROM pg_database
      WHERE datname = {{template}} AND datacl IS NOT NULL
    UNION ALL
    SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, {{clone}},
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_database, aclexplode(datacl) WHERE datname = {{template}} AND grantee <> datdba
    UNION ALL
    SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', {{clone}}, datconnlimit) FROM pg_database
      WHERE datname = {{template}} AND datconnlimit <> -1
    UNION ALL
    SELECT format('COMMENT ON DATABASE %I IS %L', {{clone}}, shobj_description(oid, 'pg_database')) FROM pg_database
      WHERE datname = {{template}} AND shobj_description(oid, 'pg_database') IS NOT NULL
"""
