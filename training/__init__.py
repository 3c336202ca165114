"""One module per model: `python -m training.<engine> --data DIR`. Core never imports it."""
