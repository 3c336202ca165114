"""Engines that write music, one file each, and what they share."""
