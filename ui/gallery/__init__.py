"""The gallery's cards and the filters over them; pages.gallery lays them out."""
