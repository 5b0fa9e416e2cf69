"""Registration, login and refresh, each as the list of its steps."""

from netra_backend.app.database import connect
from netra_backend.app.models import User
from redis.exceptions import RedisError
from shared.errors import Refusal
from sqlalchemy.exc import SQLAlchemyError

from auth_service.app.accounts import Accounts
from auth_service.app.login_limits import LoginLimits, WrongPassword
from auth_service.app.passwords import Passwords
from auth_service.app.requests import Login, Refresh, Registration
from auth_service.app.settings import Settings
from auth_service.app.tokens import TokenPair, sign_access_token


class AuthService:
    """The parts of one auth service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = connect(settings.database_url, service="auth_service")
        self._accounts = Accounts(self._engine, refresh_seconds=settings.refresh_seconds)
        self._limits = LoginLimits(settings.redis_url)
        self._passwords = Passwords()

    async def register(self, wanted: Registration, address: str) -> TokenPair:
        """Make an account. Raises Refusal: 409 for a known email, 429 after too many, 503 without Redis.

        Raises SQLAlchemyError without PostgreSQL.
        """
        await self._limits.count_registration(address)
        password_hash = await self._passwords.hash(wanted.password.get_secret_value())
        user, refresh_token = await self._accounts.create(wanted, password_hash)
        return self._pair(user, refresh_token)

    async def log_in(self, login: Login, address: str) -> TokenPair:
        """Let a user in. Raises Refusal: 401 for a wrong login, 429 after too many of them, 503 without Redis."""
        password = login.password.get_secret_value()
        async with self._limits.attempt(login.email, address):
            account = await self._accounts.find(login.email)
            is_right = await self._passwords.verify(password, account.password_hash if account else None)
            if account is None or not is_right:
                raise WrongPassword
        if self._passwords.is_outdated(account.password_hash):
            await self._accounts.replace_hash(account.user.id, await self._passwords.hash(password))
        return self._pair(account.user, await self._accounts.log_in(account.user.id))

    async def refresh(self, asked: Refresh) -> TokenPair:
        """Exchange a refresh token for a new pair. Raises Refusal (401) where it is not valid, or was used before."""
        return self._pair(*await self._accounts.rotate(asked.refresh_token.get_secret_value()))

    async def check(self) -> None:
        """Raise Refusal (503) with the name of a store that does not answer."""
        try:
            await self._accounts.check()
        except SQLAlchemyError:
            raise Refusal(503, "store_away", "PostgreSQL does not answer, or has no migrated database") from None
        try:
            await self._limits.check()
        except (RedisError, OSError):
            raise Refusal(503, "store_away", "Redis does not answer") from None

    async def close(self) -> None:
        """Close every connection."""
        self._passwords.close()
        await self._limits.close()
        await self._engine.dispose()

    def _pair(self, user: User, refresh_token: str) -> TokenPair:
        seconds = self._settings.access_seconds
        return TokenPair(
            user_id=user.id,
            access_token=sign_access_token(user, self._settings.auth_secret, seconds),
            refresh_token=refresh_token,
            expires_in=seconds,
        )
