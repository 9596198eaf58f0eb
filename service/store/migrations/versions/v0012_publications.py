"""What was published when."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the log, and fill it with what was published before there was one.

    A run that had succeeded was served from its end on, except for series which a run that had read a newer state of
    history served already.
    """
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issue"),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["forecast.run_id", "forecast.series_id"],
            name="fk_issue_run_id_series_id_forecast",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_issue_series_id_granularity_published_at", "issue", ["series_id", "granularity", "published_at"]
    )
    op.execute(
        """
        INSERT INTO issue (series_id, granularity, run_id, published_at)
        SELECT forecast.series_id, run.granularity, run.id, run.finished_at
        FROM forecast JOIN training_run AS run ON run.id = forecast.run_id
        WHERE run.state = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM forecast AS other JOIN training_run AS newer ON newer.id = other.run_id
            WHERE other.series_id = forecast.series_id AND newer.granularity = run.granularity
            AND newer.state = 'succeeded' AND newer.finished_at <= run.finished_at
            AND COALESCE(newer.as_of, 0) > COALESCE(run.as_of, 0)
        )
        ORDER BY run.finished_at, run.id, forecast.series_id
        """
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_index("ix_issue_series_id_granularity_published_at", "issue")
    op.drop_table("issue")
