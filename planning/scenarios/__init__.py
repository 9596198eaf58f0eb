"""What if: typed events with uncertain sizes and dates that turn paths of demand and a ledger into others."""
