"""The Remix page's parts: form, runs, the stage with the mixer, downloads."""
