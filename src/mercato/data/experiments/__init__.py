"""What units of an experiment did: expressions over the logs of answers and of events."""
