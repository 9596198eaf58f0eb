"""Paths of demand and a ledger of supply in, decisions out: supply, outlook, crossover, scenarios and pacing."""
