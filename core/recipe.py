"""Recipes: the JSON that replays a result. In links, in download bundles, beside gallery items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core import __version__
from core.errors import UserInputError


@dataclass(frozen=True)
class Recipe:
    """All that fixes a result: the same recipe on the same input gives the same bytes.

    engines: name -> sha256 of its weight file, None for an engine without weights.
    parameters: the job's own, JSON values only (seconds asked for, where the input starts, ...). An
    `ending` that is missing is `none`, as in recipes from before there was a choice.
    input_sha256: of the uploaded or example file's bytes.
    example: the example's name where the input is one of ours, so that a link can replay it.
    """

    job: str
    engines: Mapping[str, str | None]
    seed: int
    parameters: Mapping[str, Any]
    input_sha256: str
    example: str | None = None
    app_version: str = field(default=__version__)

    @property
    def ending(self) -> str:
        """One of core.extrapolation.ending.ENDINGS; `none` where the recipe names none."""
        return str(self.parameters.get("ending", "none"))

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Raises UserInputError when the text is no recipe."""
        try:
            fields = json.loads(text)
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise UserInputError(
                "This is not a recipe of Encore; use the recipe.json from a download bundle."
            ) from error

    def key(self) -> str:
        """sha256 over everything but the app's version: equal for equal results."""
        fields = asdict(self)
        del fields["app_version"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
