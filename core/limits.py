"""What a score from a stranger's file may be at most, so that nothing takes long or much memory."""

MAX_FILE_BYTES = 10 * 10**6
MAX_NOTES = 100_000
"""More than the longest symphonies have."""
MAX_BARS = 2_000
"""Over an hour of 4/4 at 120 quarters a minute."""
TEMPO_RANGE_BPM = (10.0, 480.0)
