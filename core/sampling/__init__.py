"""Samplers: a sound goes into a space that can be walked, and every place in it can be heard."""
