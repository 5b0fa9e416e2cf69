"""The tests that every way of running them has to pass: the guide's, and what users do beside them."""

GUIDE = """
import os, psycopg, pytest, sqlalchemy.exc
from models import Thread, User

def seen_by_others(table="users"):
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        return other.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

class TestThreadManagement:
    @pytest.mark.real_services
    @pytest.mark.parametrize("time", range(4))
    async def test_create_and_retrieve_thread(self, real_services_fixture, time):
        db = real_services_fixture["db"]
        redis = real_services_fixture["redis"]
        user = User(email="test@example.com")
        db.add(user)
        await db.commit()
        thread = Thread(user_id=user.id, title="Cost Optimization Discussion")
        db.add(thread)
        await db.commit()
        assert await redis.get(f"thread:{thread.id}") is None
        await redis.set(f"thread:{thread.id}", "cached")
        db_thread = await db.get(Thread, thread.id)
        assert (db_thread.title, db_thread.user_id, user.id) == ("Cost Optimization Discussion", user.id, 1)
        assert seen_by_others() == 1

@pytest.fixture
async def clean_database(real_db):
    yield real_db
    await real_db.execute("TRUNCATE users CASCADE")
    await real_db.commit()

@pytest.mark.parametrize("time", range(3))
async def test_a_fixture_of_the_teams_own_truncates(clean_database, time):
    clean_database.add(User(email="test@example.com"))
    await clean_database.commit()
    assert await clean_database.scalar("SELECT count(*) FROM users") == 1

@pytest.mark.isolation("rollback")
async def test_in_rollback_mode_a_commit_is_a_savepoint(real_db, real_redis):
    real_db.add(User(email="test@example.com"))
    await real_db.commit()
    await real_db.rollback()
    assert await real_db.scalar("SELECT count(*) FROM users") == 1
    assert seen_by_others() == 0
    assert await real_redis.dbsize() == 0

@pytest.mark.isolation("rollback")
def test_what_code_under_test_commits_beside_a_rollback_is_gone(real_db_sync):
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        other.execute("INSERT INTO users (email) VALUES ('test@example.com')")
    assert real_db_sync.scalar("SELECT count(*) FROM users") == 1

def test_sync_twins(real_db_sync, real_redis_sync):
    real_db_sync.add(User(email="test@example.com"))
    real_db_sync.commit()
    assert (seen_by_others(), real_redis_sync.dbsize()) == (1, 0)
    real_redis_sync.set("key", "value")
    real_db_sync.execute("SET search_path = nowhere; CREATE TEMP TABLE scratch (a int)")

def test_nothing_of_the_last_sessions_settings_is_left(real_db_sync):
    assert real_db_sync.scalar("SHOW search_path") == '"$user", public'
    assert real_db_sync.scalar("SELECT to_regclass('scratch')") is None

async def test_ends_its_own_connection(real_db):
    with pytest.raises(sqlalchemy.exc.OperationalError):
        await real_db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

def test_ends_its_own_connection_while_it_writes(real_db_sync):
    real_db_sync.execute("INSERT INTO users (email) VALUES ('test@example.com')")
    with pytest.raises(sqlalchemy.exc.OperationalError):
        real_db_sync.execute("SELECT pg_terminate_backend(pg_backend_pid())")

@pytest.mark.asyncio(loop_scope="module")
async def test_in_an_event_loop_that_outlives_the_test(real_db, real_redis):
    assert await real_db.scalar("SELECT count(*) FROM users") == 0
    assert await real_redis.set("key", "value")

async def test_one_session_under_every_name(real_db, real_db_fixture, real_services):
    assert real_db is real_db_fixture is real_services["db"]

async def test_an_unknown_key_names_the_nearest(real_services):
    with pytest.raises(KeyError, match="Did you mean 'backend_url'"):
        real_services["backed_url"]

@pytest.mark.real_services
def test_the_marker_alone_gives_variables_and_a_clean_database():
    assert seen_by_others() == 0
    assert os.environ["REDIS_URL"].startswith("redis://127.0.0.1:")
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        other.execute("DELETE FROM plans; CREATE TABLE fresh ()")

@pytest.mark.real_services
def test_reference_data_is_back():
    assert seen_by_others("plans") == 2

@pytest.mark.isolation("clone")
async def test_a_fresh_clone_by_marker(real_db):
    await real_db.execute("DROP TABLE plans")
    await real_db.commit()

async def test_after_the_clone(real_db, real_redis):
    assert await real_db.scalar("SELECT count(*) FROM plans") == 2

def test_no_variable_outlives_the_tests_that_need_it():
    assert "DATABASE_URL" not in os.environ
"""
