"""The quarantine, looked through, mended and retried."""
