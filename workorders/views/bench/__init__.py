"""The workshop's pages, one file per kind of work."""
