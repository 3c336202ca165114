"""The Compose page's parts: form, primer, runs, the stage with the roll, sheet music, downloads."""
