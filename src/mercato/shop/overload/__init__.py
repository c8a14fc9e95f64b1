"""What a server leaves out of its answers when more is asked than it can do, and in which order."""
