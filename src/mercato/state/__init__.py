"""What changes while serving, and nothing else."""
