"""Feeds by their address: which hosts may be asked, and how one is downloaded."""
