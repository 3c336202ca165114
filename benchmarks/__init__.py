"""Benchmarks: `python -m benchmarks <job> --data DIR --json OUT`."""
