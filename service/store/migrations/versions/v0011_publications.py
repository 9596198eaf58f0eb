"""What was published when, and how it turned out."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the log and the tables of scores, and fill the log with what was published before there was one.

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
        sa.Column("start_hour", sa.Integer(), nullable=False),
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
    op.create_index("ix_issue_series_id_granularity_start_hour", "issue", ["series_id", "granularity", "start_hour"])
    op.execute(
        """
        INSERT INTO issue (series_id, granularity, run_id, published_at, start_hour)
        SELECT forecast.series_id, run.granularity, run.id, run.finished_at, forecast.start_hour
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
    _create_scores()
    # What came true of forecasts from before is scored too.
    op.execute(
        """
        INSERT INTO unscored (series_id, first_hour, last_hour, waiting_since, noted_at)
        SELECT series_id, MIN(start_hour), 2147483647, 0, 0 FROM issue GROUP BY series_id
        """
    )


def _create_scores() -> None:
    op.create_table(
        "baseline",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("middle", sa.LargeBinary(), nullable=False),
        sa.Column("ages", sa.LargeBinary(), nullable=False),
        sa.Column("deviation", sa.Double(), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("ceiling", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "series_id", name="pk_baseline"),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["forecast.run_id", "forecast.series_id"],
            name="fk_baseline_run_id_series_id_forecast",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "score",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("start_hour", sa.Integer(), nullable=False),
        sa.Column("stretch", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("forecasts", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("naive_loss", sa.Double(), nullable=False),
        sa.Column("error", sa.Double(), nullable=False),
        sa.Column("actual", sa.Double(), nullable=False),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "granularity", "start_hour", "stretch", "model", name="pk_score"),
    )
    op.create_index("ix_score_granularity_start_hour", "score", ["granularity", "start_hour"])
    op.create_table(
        "unscored",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("first_hour", sa.Integer(), nullable=False),
        sa.Column("last_hour", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_unscored"),
    )
    op.create_index("ix_unscored_waiting_since", "unscored", ["waiting_since"])


def downgrade() -> None:
    """Forget all of it."""
    for table in ("unscored", "score", "baseline"):
        op.drop_table(table)
    op.drop_index("ix_issue_series_id_granularity_start_hour", "issue")
    op.drop_index("ix_issue_series_id_granularity_published_at", "issue")
    op.drop_table("issue")
