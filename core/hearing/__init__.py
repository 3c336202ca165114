"""Hearing a solo: its notes, its beats and bars, its key and chords."""
