"""Knows who a user is: accounts, logins and the tokens that the other services take."""
