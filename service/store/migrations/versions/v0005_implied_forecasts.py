"""What forecasts say of coarser buckets."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forecasts that are stored already imply nothing; the next run says it of its own."""
    op.create_table(
        "implied_forecast",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("granularity", sa.String(), nullable=False),
        sa.Column("start_hour", sa.Integer(), nullable=False),
        sa.Column("quantiles", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "series_id", "granularity", name="pk_implied_forecast"),
        sa.ForeignKeyConstraint(
            ["run_id", "series_id"],
            ["forecast.run_id", "forecast.series_id"],
            name="fk_implied_forecast_run_id_series_id_forecast",
        ),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("implied_forecast")
