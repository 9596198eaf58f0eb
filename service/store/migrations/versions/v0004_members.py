"""What each member of an ensemble forecast by itself, and how much of the catalogue a run tries."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forecasts that are stored already have no members, and runs tried everything."""
    op.add_column("forecast", sa.Column("members", sa.LargeBinary(), nullable=False, server_default=sa.text("''")))
    op.add_column("forecast", sa.Column("member_names", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("training_run", sa.Column("preset", sa.String(), nullable=False, server_default="best"))


def downgrade() -> None:
    """Forget both."""
    op.drop_column("training_run", "preset")
    op.drop_column("forecast", "member_names")
    op.drop_column("forecast", "members")
