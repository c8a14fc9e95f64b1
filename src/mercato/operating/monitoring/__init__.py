"""Whether what is served still behaves as it did: monitors, one file each, that raise alarms."""
