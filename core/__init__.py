"""Encore's product without its pages: audio in, neural music out.

Nothing here imports Streamlit. `import core` is cheap: TensorFlow is imported by `core.loaders`
alone, when a model is first needed.
"""

__version__ = "0.1.0"
