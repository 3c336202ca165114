"""The Compare page's own parts: each of its sections is a module with `show`."""
