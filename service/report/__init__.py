"""Outlooks and plans as tidy tables, and as a page to print."""
