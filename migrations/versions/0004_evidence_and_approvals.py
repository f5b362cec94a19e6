"""How steps are really closed: evidence, approvals, second persons, follow-ups and tasks; four scales; ladders anew."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("incident", sa.Column("warning_level", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("response_level", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("is_sensitive", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "incident", sa.Column("secondary_categories", sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
    )
    op.add_column("incident", sa.Column("related_to", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("relation", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("ended_as", sa.Text(), nullable=True))
    op.execute("UPDATE incident SET ended_as = 'closed' WHERE closed_at IS NOT NULL")
    with op.batch_alter_table("deadline") as deadline:
        deadline.add_column(sa.Column("kind", sa.Text(), server_default="step", nullable=False))
        deadline.add_column(sa.Column("ordinal", sa.Integer(), server_default="1", nullable=False))
        deadline.add_column(sa.Column("title", sa.Text(), nullable=True))
        deadline.add_column(sa.Column("owner", sa.Text(), nullable=True))
        deadline.add_column(sa.Column("protocol_hash", sa.Text(), nullable=True))
        deadline.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        deadline.add_column(sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=True))
        deadline.add_column(sa.Column("round", sa.Integer(), server_default="0", nullable=False))
        deadline.add_column(sa.Column("ended", sa.Text(), nullable=True))
        deadline.add_column(sa.Column("checked", sa.Text(), nullable=True))
        deadline.add_column(sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True))
        deadline.create_foreign_key(
            "fk_deadline_protocol_hash", "stamped_protocol", ["protocol_hash"], ["content_hash"]
        )
    op.execute(
        "UPDATE deadline SET started_at = "
        "(SELECT clock_started_at FROM incident WHERE incident.id = deadline.incident_id)"
    )
    op.execute("UPDATE deadline SET ended = 'done' WHERE settled_at IS NOT NULL")
    with op.batch_alter_table("deadline") as deadline:
        deadline.alter_column("started_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("round", sa.Integer(), server_default="0", nullable=False))
        message.add_column(sa.Column("is_drill", sa.Boolean(), server_default=sa.false(), nullable=False))
        message.drop_constraint("uq_message_identity", type_="unique")
        message.create_unique_constraint(
            "uq_message_identity",
            ["incident_id", "step", "kind", "rung", "repeat", "skipped_rung", "round", "person", "channel"],
        )
    op.execute(
        "UPDATE message SET is_drill = (SELECT is_drill FROM incident WHERE incident.id = message.incident_id) "
        "WHERE incident_id IS NOT NULL"
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.Column("supersedes", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_attachment_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        sa.UniqueConstraint("incident_id", "sequence", name="uq_attachment_incident_id_sequence"),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


# A file is kept or destroyed, never changed.
GUARDS = {
    "sqlite": [
        """CREATE TRIGGER attachment_no_update BEFORE UPDATE ON attachment
    BEGIN SELECT RAISE(ABORT, 'a file is kept or destroyed, never changed'); END"""
    ],
    "postgresql": [
        """CREATE TRIGGER attachment_no_update BEFORE UPDATE ON attachment
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()"""
    ],
}
