"""Durable runs: what is trained where, and how it survives the end of a process. The only place that knows DBOS."""
