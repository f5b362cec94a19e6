"""Contacts, duty, who was called, outside parties, and the administrative ledger with its guards."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


IDENTITY = ["incident_id", "step", "kind", "rung", "repeat", "skipped_rung", "person", "channel"]
KEPT = (
    "id",
    "incident_id",
    "kind",
    "step",
    "rung",
    "repeat",
    "person",
    "channel",
    "address",
    "language",
    "facts",
    "reason",
    "reference",
    "state",
    "state_reason",
    "may_be_copy",
    "is_wanted",
    "attempt_count",
    "created_at",
    "due_at",
    "not_before",
    "sent_at",
    "delivered_at",
    "lease_owner",
    "lease_token",
)

GUARDS_SQLITE = (
    """CREATE TRIGGER administration_entry_no_update BEFORE UPDATE ON administration_entry
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: no update'); END""",
    """CREATE TRIGGER administration_entry_no_delete BEFORE DELETE ON administration_entry
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: no delete'); END""",
    """CREATE TRIGGER administration_entry_only_next BEFORE INSERT ON administration_entry
    WHEN NEW.sequence <> 1 + COALESCE((SELECT MAX(sequence) FROM administration_entry), 0)
      OR NEW.previous_hash <> COALESCE((SELECT hash FROM administration_entry WHERE sequence = NEW.sequence - 1), '')
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: an entry must follow the last one'); END""",
    """CREATE TRIGGER administration_text_no_update BEFORE UPDATE ON administration_text
    BEGIN SELECT RAISE(ABORT, 'a text of the ledger is erased or kept, never changed'); END""",
    """CREATE TRIGGER administration_text_no_replace BEFORE INSERT ON administration_text
    WHEN EXISTS (SELECT 1 FROM administration_text WHERE sequence = NEW.sequence
                 AND path = NEW.path)
    BEGIN SELECT RAISE(ABORT, 'a text of the ledger is erased or kept, never changed'); END""",
)

GUARDS_POSTGRESQL = (
    """CREATE FUNCTION administration_only_next() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE size integer; head text;
    BEGIN
      SELECT sequence, hash INTO size, head FROM administration_entry
        ORDER BY sequence DESC LIMIT 1;
      IF NEW.sequence <> COALESCE(size, 0) + 1 OR NEW.previous_hash <> COALESCE(head, '') THEN
        RAISE EXCEPTION 'the ledger only grows: an entry must follow the last one';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER administration_entry_no_change BEFORE UPDATE OR DELETE ON administration_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()""",
    """CREATE TRIGGER administration_entry_no_truncate BEFORE TRUNCATE ON administration_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()""",
    """CREATE TRIGGER administration_entry_only_next BEFORE INSERT ON administration_entry
    FOR EACH ROW EXECUTE FUNCTION administration_only_next()""",
    """CREATE TRIGGER administration_text_no_update BEFORE UPDATE ON administration_text
    FOR EACH ROW EXECUTE FUNCTION ledger_refuses()""",
)


def upgrade() -> None:
    _new_tables()
    _contacts()
    _calls()
    op.add_column("unit", sa.Column("reporter", sa.Text(), nullable=True))
    op.add_column("unit", sa.Column("second_reporter", sa.Text(), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _message_anew()
    else:
        _message_altered()
    op.create_index("ix_message_address", "message", ["address", "created_at"], unique=False)
    op.create_index(
        "uq_message_notice",
        "message",
        ["kind", "repeat", "person", "channel"],
        unique=True,
        sqlite_where=sa.text("incident_id IS NULL"),
        postgresql_where=sa.text("incident_id IS NULL"),
    )
    for statement in GUARDS_SQLITE if is_sqlite else GUARDS_POSTGRESQL:
        op.execute(statement)


def _new_tables() -> None:
    op.create_table(
        "administration_entry",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_administration_entry")),
    )
    op.create_table(
        "outside_party",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outside_party")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting", sa.Text(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["acting"], ["person.key"], name=op.f("fk_absence_acting")),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_absence_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_until", "absence", ["until_at"], unique=False)
    op.create_table(
        "administration_text",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sequence"], ["administration_entry.sequence"], name=op.f("fk_administration_text_sequence")
        ),
        sa.PrimaryKeyConstraint("sequence", "path", name=op.f("pk_administration_text")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_calendar_feed_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_table(
        "contact_method",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_contact_method_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_method")),
        sa.UniqueConstraint("person", "kind", "address", name=op.f("uq_contact_method_person_kind_address")),
    )
    op.create_index(op.f("ix_contact_method_person"), "contact_method", ["person"], unique=False)
    op.create_table(
        "cover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("instead_of", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("swap", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instead_of"], ["person.key"], name=op.f("fk_cover_instead_of")),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_cover_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cover")),
    )
    op.create_index("ix_cover_from", "cover", ["from_at"], unique=False)
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("outgoing", sa.Text(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("open_clocks", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outgoing_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("incoming_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["incoming"], ["person.key"], name=op.f("fk_handover_incoming")),
        sa.ForeignKeyConstraint(["outgoing"], ["person.key"], name=op.f("fk_handover_outgoing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.key"], name=op.f("fk_shift_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_from", "shift", ["from_at", "role"], unique=False)
    op.create_table(
        "called",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stand_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_place_of", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_how", sa.Text(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_called_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_called")),
        sa.UniqueConstraint(
            "incident_id", "step", "rung", "person", name=op.f("uq_called_incident_id_step_rung_person")
        ),
    )
    op.create_index("ix_called_person", "called", ["person"], unique=False)


def _contacts() -> None:
    """A person's number and mail address become the first contacts of their kind."""
    for kind, column, position in (("mobile", "phone", 0), ("email", "email", 1)):
        op.execute(
            f"INSERT INTO contact_method (person, kind, address, position) "
            f"SELECT key, '{kind}', {column}, {position} FROM person WHERE {column} IS NOT NULL"
        )
        op.drop_column("person", column)


def _calls() -> None:
    """Who was called on which rung so far, from the reminders in the outbox."""
    op.execute(
        "INSERT INTO called (incident_id, step, rung, person, told_at, last_told_at) "
        "SELECT incident_id, step, rung, person, MIN(created_at), MAX(created_at) FROM message "
        "WHERE kind = 'reminder' GROUP BY incident_id, step, rung, person"
    )


def _message_altered() -> None:
    op.add_column("message", sa.Column("skipped_rung", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("message", sa.Column("because", sa.JSON(), nullable=False, server_default="{}"))
    op.alter_column("message", "skipped_rung", server_default=None)
    op.alter_column("message", "because", server_default=None)
    op.alter_column("message", "incident_id", existing_type=sa.Integer(), nullable=True)
    op.drop_constraint("uq_message_incident_id_step_kind_rung_repeat_person_channel", "message", type_="unique")
    op.create_unique_constraint("uq_message_identity", "message", IDENTITY)


def _message_anew() -> None:
    """SQLite changes neither a column nor a constraint: the table is made anew and its rows are carried over."""
    op.create_table(
        "message_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("skipped_rung", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("may_be_copy", sa.Boolean(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_message_incident_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint(*IDENTITY, name="uq_message_identity"),
    )
    kept = ", ".join(KEPT)
    op.execute(f"INSERT INTO message_anew ({kept}, skipped_rung, because) SELECT {kept}, 0, '{{}}' FROM message")
    op.drop_table("message")
    op.rename_table("message_anew", "message")
    op.create_index(
        "ix_message_leased",
        "message",
        ["lease_owner"],
        unique=False,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'unknown')"),
        postgresql_where=sa.text("state IN ('queued', 'unknown')"),
    )
