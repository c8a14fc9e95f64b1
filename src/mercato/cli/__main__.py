"""`python -m mercato.cli` is `mercato`."""

from mercato.cli import main

main()
