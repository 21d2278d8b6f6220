"""The import of devices: `tables` reads any file, `rows` understands, `write` writes."""
