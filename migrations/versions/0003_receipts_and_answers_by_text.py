"""What became of a message after it left, the ways tried beside it, and the texts that come in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("contact_method", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contact_method", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("check_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("instead_of", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("idle_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("answer_code", sa.Text(), nullable=True))
    op.create_index(
        "ix_message_check",
        "message",
        ["check_at"],
        unique=False,
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_index("ix_message_answer_code", "message", ["answer_code"], unique=False)
    op.add_column("attempt", sa.Column("gateway", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("status", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("status_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("segments", sa.Integer(), nullable=True))
    op.create_index("ix_attempt_provider_id", "attempt", ["provider_id"], unique=False)
    op.create_index("ix_attempt_started_at", "attempt", ["started_at"], unique=False)
    op.create_table(
        "reported",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("is_address_dead", sa.Boolean(), nullable=False),
        sa.Column("tracking", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reported"),
        sa.UniqueConstraint("gateway", "provider_id", "status", name="uq_reported_gateway_provider_id_status"),
    )
    op.create_table(
        "incoming_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_incoming_text_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_text"),
        sa.UniqueConstraint("gateway", "provider_id", name="uq_incoming_text_gateway_provider_id"),
    )
    op.create_index("ix_incoming_text_address", "incoming_text", ["address", "came_at"], unique=False)
    op.add_column("called", sa.Column("self_reported_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "gate",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_gate"),
    )
    op.create_table(
        "wrong_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gate"], ["gate.key"], name="fk_wrong_code_gate"),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_code"),
    )
    op.create_index("ix_wrong_code_gate", "wrong_code", ["gate", "at"], unique=False)
