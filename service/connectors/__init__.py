"""Where demand comes from and where forecasts go: files, and later other systems."""
