"""The vocabulary: what compute demand is. No I/O and no framework; numpy and pandas only."""
