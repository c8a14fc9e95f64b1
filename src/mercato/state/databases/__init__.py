"""The databases that a state can lie in, one file each, behind `Database`."""
