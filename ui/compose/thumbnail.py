"""A small picture of a score, for cards: its notes as SVG."""

from core.score import Score

WIDTH, HEIGHT, DRUMS = 420, 120, 18
COLOURS = ("#C2458F", "#5B7FD4", "#DB7A3C", "#35998D", "#8A68D6", "#B0912F")
"""Between those of the light and of the dark theme, for it lies on either."""


def thumbnail(score: Score) -> str:
    """SVG, WIDTH by HEIGHT, time from left to right, drums in a strip at the bottom."""
    pitches = [n.pitch for t in score.tracks if not t.is_drum for n in t.notes] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    drums = any(track.is_drum and track.notes for track in score.tracks)
    room = HEIGHT - (DRUMS if drums else 0)
    parts = []
    for index, track in enumerate(score.tracks):
        colour = COLOURS[index % len(COLOURS)]
        boxes = []
        for note in track.notes:
            x, width = (WIDTH * tick / score.ticks for tick in (note.start, note.duration))
            if track.is_drum:
                y, width = room + 3 + note.pitch % 4 * 4, 1.5
            else:
                y = (high - note.pitch) / (high - low) * (room - 4)
            boxes.append(f"M{x:.1f} {y:.1f}h{max(width - 0.5, 1.2):.1f}")
        if boxes:
            path = "".join(boxes)
            parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="2.6" fill="none"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -2 {WIDTH} {HEIGHT + 4}" '
        f'width="{WIDTH}" height="{HEIGHT + 4}">{"".join(parts)}</svg>'
    )
