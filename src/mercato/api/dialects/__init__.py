"""Other tools' ways to send events, so that a set-up made for them needs only another address."""
