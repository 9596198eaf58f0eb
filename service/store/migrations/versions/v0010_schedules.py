"""Schedules, duties, repeated requests, and runs that have a budget, can be resumed, and say who asked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _run_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("budget_minutes", sa.Double(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.Column("done_before", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("schedule", sa.String(), nullable=False, server_default=""),
        sa.Column("asked_by", sa.String(), nullable=False, server_default=""),
        sa.Column("note", sa.String(), nullable=False, server_default=""),
    ]


def upgrade() -> None:
    """Create the tables, and widen those of runs."""
    op.create_table(
        "duty",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("last_done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
    )
    _create_schedules()
    op.create_table(
        "idempotency_key",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_recorded_at", "idempotency_key", ["recorded_at"])
    for column in _run_columns():
        op.add_column("training_run", column)
    op.add_column("run_partition", sa.Column("fingerprint", sa.String(), nullable=False, server_default=""))


def _create_schedules() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("preset", sa.String(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("budget_minutes", sa.Double(), nullable=True),
        sa.Column("only_with_news", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("counted_from", sa.BigInteger(), nullable=False),
        sa.Column("last_tick", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule"),
        sa.UniqueConstraint("name", name="uq_schedule_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "schedule_tick",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "tick", name="pk_schedule_tick"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "schedule_default",
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("granularity", name="pk_schedule_default"),
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("run_partition", "fingerprint")
    for column in _run_columns():
        op.drop_column("training_run", column.name)
    for table in ("idempotency_key", "schedule_default", "schedule_tick", "schedule", "duty"):
        op.drop_table(table)
