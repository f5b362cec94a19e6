"""Channels against servers that really speak their protocol, on loopback."""
