"""Scenarios and all their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "scenario",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_scenario"),
    )
    op.create_table(
        "scenario_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["scenario.name"], name="fk_scenario_version_name_scenario"),
        sa.PrimaryKeyConstraint("name", "version", name="pk_scenario_version"),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("scenario_version")
    op.drop_table("scenario")
