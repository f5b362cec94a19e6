"""A pretend provider on this machine: phones and mailboxes to look at, so that nobody needs an account to try it."""
