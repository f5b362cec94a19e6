"""The account of the sandbox, and the settings with which the product speaks to it."""

ACCOUNT_SID = "AC" + "5a" * 16
AUTH_TOKEN = "sandbox-only"
NUMBER = "+15005550006"
MAIL_FROM = "舆情时钟 <clock@example.com>"
HOST = "127.0.0.1"  # and nowhere else: what is said here is nobody's business


def sandbox_environment(*, port: int, smtp_port: int) -> dict[str, str]:
    """The settings of a process that is to talk to a sandbox on these ports."""
    return {
        "TWILIO_API_BASE_URL": f"http://{HOST}:{port}", "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_FROM": NUMBER, "SMTP_URL": f"smtp://{HOST}:{smtp_port}",
        "MAIL_FROM": MAIL_FROM,
    }
