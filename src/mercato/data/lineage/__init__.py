"""Where data came from and what was made of it, as OpenLineage tells it to other tools."""
