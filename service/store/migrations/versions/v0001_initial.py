"""Series with their observations and revisions; runs with their forecasts; workers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DIMENSIONS = ("provider", "region", "accelerator", "workload", "stage", "tenant")


def upgrade() -> None:
    """Create every table."""
    _create_history()
    _create_values()
    _create_runs()
    _create_forecasts()
    _create_workers()


def downgrade() -> None:
    """Drop every table."""
    for table in (
        *("worker", "publication", "forecast", "run_series", "run_partition", "training_run"),
        *("revision", "observation", "ingest", "series"),
    ):
        op.drop_table(table)


def _create_history() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _DIMENSIONS),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint(*_DIMENSIONS, name="uq_series_" + "_".join(_DIMENSIONS)),
    )
    op.create_table(
        "ingest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("inserted", "updated", "unchanged", "rejected")),
        sa.PrimaryKeyConstraint("id", name="pk_ingest"),
        sa.UniqueConstraint("recorded_at", name="uq_ingest_recorded_at"),
    )


def _create_values() -> None:
    op.create_table(
        "observation",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("ingest_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "hour", name="pk_observation"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "revision",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("ingest_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "hour", "ingest_id", name="pk_revision"),
        sqlite_with_rowid=False,
    )


def _create_runs() -> None:
    op.create_table(
        "training_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("started_at", "finished_at", "as_of")),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_training_run"),
    )
    op.create_index("ix_training_run_created_at", "training_run", ["created_at"])
    op.create_index("ix_training_run_state", "training_run", ["state"])
    op.create_table(
        "run_partition",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("series_ids", sa.JSON(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("cut_off", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_run_partition"),
        sa.ForeignKeyConstraint(["run_id"], ["training_run.id"], name="fk_run_partition_run_id_training_run"),
    )


def _create_forecasts() -> None:
    op.create_table(
        "run_series",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "series_id", name="pk_run_series"),
        sa.ForeignKeyConstraint(["run_id"], ["training_run.id"], name="fk_run_series_run_id_training_run"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_run_series_series_id_series"),
    )
    op.create_table(
        "forecast",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("start_hour", sa.Integer(), nullable=False),
        sa.Column("n_steps", sa.Integer(), nullable=False),
        sa.Column("quantiles", sa.LargeBinary(), nullable=False),
        sa.Column("error_scores", sa.LargeBinary(), nullable=False),
        sa.Column("persistence", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "series_id", name="pk_forecast"),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["run_series.run_id", "run_series.series_id"],
            name="fk_forecast_run_id_series_id_run_series",
        ),
    )
    op.create_table(
        "publication",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "granularity", name="pk_publication"),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["forecast.run_id", "forecast.series_id"],
            name="fk_publication_run_id_series_id_forecast",
        ),
    )


def _create_workers() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )
