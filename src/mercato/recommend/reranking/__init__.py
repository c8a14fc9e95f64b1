"""What a shelf makes of its best candidates before they are picked."""
