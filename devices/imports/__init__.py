"""The import of devices: read any table (`tables`), understand rows (`rows`), write them (`write`)."""
