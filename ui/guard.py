"""The last net under every page: a visitor never sees a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import ModelUnavailableError, UserInputError


@contextmanager
def guarded() -> Iterator[None]:
    """Show what goes wrong inside as one sentence. Streamlit's own stop and rerun pass through."""
    try:
        yield
    except (UserInputError, ModelUnavailableError) as error:
        st.error(str(error), icon=":material/info:")
    except Exception as error:  # noqa: BLE001 - logged under the number that the visitor sees
        from ui.background import unexpected

        st.error(unexpected(error), icon=":material/info:")
