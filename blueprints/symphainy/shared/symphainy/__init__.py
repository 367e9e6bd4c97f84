"""What every service of Symphainy shares. Python's own library and nothing else."""
