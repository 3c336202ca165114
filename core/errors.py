"""The two errors that a page shows to a visitor. Anything else is a defect of ours."""


class UserInputError(ValueError):
    """What the visitor gave cannot be used. The message is one sentence that says what to do."""


class ModelUnavailableError(RuntimeError):
    """A model's weights are missing, damaged or unreachable; the message says which."""
