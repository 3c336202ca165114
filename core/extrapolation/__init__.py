"""Extrapolation: a clip goes in, what comes next comes out. One file per engine."""
