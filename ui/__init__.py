"""Streamlit widgets that the pages share. Arrows run one way: pages -> ui -> core."""
