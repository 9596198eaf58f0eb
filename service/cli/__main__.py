"""`python -m service.cli`, the same as `computecast`."""

from service.cli import main

main()
