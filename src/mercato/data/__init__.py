"""Feeds and logs → validated, versioned tables; engines; splits; a release on disk."""
