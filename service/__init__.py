"""The world: HTTP, SQL, jobs, files and the command line. The only place where things are put together."""
