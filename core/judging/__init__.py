"""What the benchmarks judge sound by, beside the formulas of core.metrics."""
