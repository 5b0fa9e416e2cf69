"""Runs the migrations in the database that ``DATABASE_URL`` names: ``alembic upgrade head``."""

from alembic import context
from netra_backend.app.database import driver_url
from netra_backend.app.models import Base
from sqlalchemy import create_engine

from ci_toolkit.isolated_environment import get_env

url = driver_url(get_env().get("DATABASE_URL") or "")

if context.is_offline_mode():
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
