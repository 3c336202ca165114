"""Engines that add a band to a solo, and what a mix of their stems is."""
