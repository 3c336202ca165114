"""Models, ready to run: found, verified, built, warmed and kept, once per process.

This is the one module of the app that imports TensorFlow and Keras, when a model is first loaded.
A weight file comes from weights/ or, where that file is missing or is another, from the Hub at the
pinned commit (`core.hub`). No file is opened before its sha256 is known to be right.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core import registry
from core.errors import ModelUnavailableError
from core.registry import ModelSpec, unavailable

T = TypeVar("T")

THREADS = 2
"""Cores a model may use, unless TF_NUM_INTRAOP_THREADS says otherwise.

Fixed and not `os.cpu_count()`, which in a container is the host's: too many threads are slow, and
their number decides how matrix products are cut up, so the last bits of a result depend on it.
"""

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_loaded: dict[str, LoadedModel] = {}
_loading: dict[str, Future[LoadedModel]] = {}
_preloaded: set[str] = set()


class LoadedModel:
    """A model with its weights, warm. Calls may come from any number of threads at once.

    spec: its manifest entry.
    model: the Keras model, for engines that need more than one call (a decoding loop, a layer).
    """

    def __init__(self, spec: ModelSpec, model: Any) -> None:
        import tensorflow as tf

        self.spec = spec
        self.model = model
        self._step = tf.function(
            lambda batch: model(batch, training=False),
            input_signature=[tf.TensorSpec(spec.input_shape, tf.float32)],
            # A model of many small steps, an LSTM over samples, says that it wants one kernel:
            # TensorFlow's own loop takes 3 s for 22050 steps, the compiled one 0.07 s.
            jit_compile=getattr(model, "xla", None),
        )

    def __call__(self, batch: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """float32 [spec.input_shape] -> float32 [spec.output_shape], with inference behaviour.

        Runs one compiled graph of fixed shape. Raises ValueError for another shape.
        """
        array = np.asarray(batch, dtype=np.float32)
        if array.shape != self.spec.input_shape:
            raise ValueError(
                f"{self.spec.id} takes {list(self.spec.input_shape)}, not {list(array.shape)}"
            )
        return np.asarray(self._step(array), dtype=np.float32)


def read_weights(model_id: str, read: Callable[[Path], T]) -> T:
    """What `read` makes of a model's weight file, for networks that run in numpy.

    The file is found and verified as for `load_model`. read: may raise OSError or KeyError for a
    file of something else. Raises ModelUnavailableError then, and where there is no file.
    """
    spec = registry.model(model_id)
    path = weights_path(spec)
    try:
        return read(path)
    except (OSError, KeyError) as error:
        raise unavailable(spec.id, "does not fit this version of Encore") from error


def loaded() -> tuple[str, ...]:
    """The ids of the models that this process has ready, in order."""
    return tuple(sorted(_loaded))


def load_model(model_id: str) -> LoadedModel:
    """The model, loaded by the first caller and shared by all later ones.

    Callers who come while it loads wait for that one load and share its outcome; once it is there,
    nobody waits. A failed load is not kept: the next caller tries anew. An entry changed in the
    manifest is loaded again. Raises ModelUnavailableError with a sentence for the visitor.
    """
    spec = registry.model(model_id)
    loaded = _loaded.get(model_id)
    if loaded is not None and loaded.spec == spec:
        return loaded
    with _lock:
        loaded = _loaded.get(model_id)
        if loaded is not None and loaded.spec == spec:
            return loaded
        outcome = _loading.get(model_id)
        first = outcome is None
        if outcome is None:
            outcome = _loading[model_id] = Future()
    if first:
        _load_for_all(spec, outcome)
    return outcome.result()


def preload(model_id: str) -> None:
    """Begin to load a model in a thread of its own, where it is not loaded yet; return at once.

    For pages that guess what a visitor will ask for next. A failure is logged, and told to whoever
    then asks for the model.
    """
    with _lock:
        if model_id in _loaded or model_id in _loading or model_id in _preloaded:
            return
        _preloaded.add(model_id)

    def load() -> None:
        try:
            load_model(model_id)
        except ModelUnavailableError as error:
            _log.warning("preloading: %s", error)

    threading.Thread(target=load, name=f"preload-{model_id}", daemon=True).start()


def weights_path(spec: ModelSpec) -> Path:
    """Path of the verified weight file: in weights/, else from the Hub.

    Asks no server when this machine has the file. Raises ModelUnavailableError.
    """
    local = registry.weights_dir() / spec.file
    if spec.matches(local):
        return local
    there = local.exists()
    if there:
        _log.warning("%s is not the file that the manifest names", local)
    if spec.repo_id is None:
        raise unavailable(
            spec.id, "has a damaged weight file" if there else "is missing its weight file"
        )
    from core import hub  # its HTTP client is slow to import, and most starts need none

    return hub.cached(spec) or hub.download(spec)


def _load_for_all(spec: ModelSpec, outcome: Future[LoadedModel]) -> None:
    """Load, and hand the model or the error to everyone who waits on `outcome`."""
    try:
        loaded = _load(spec)
    except BaseException as error:
        with _lock:
            del _loading[spec.id]
        if isinstance(error, Exception):
            outcome.set_exception(error)
            return
        # Whatever stops this thread alone (an interrupt) is not the others' to receive.
        outcome.set_exception(unavailable(spec.id, "was stopped while it loaded"))
        raise
    with _lock:
        _loaded[spec.id] = loaded
        del _loading[spec.id]
    outcome.set_result(loaded)


def _load(spec: ModelSpec) -> LoadedModel:
    path = weights_path(spec)
    _prepare_tensorflow()
    module, _, function = spec.builder.partition(":")
    model = getattr(importlib.import_module(module), function)(**spec.config)
    try:
        model.load_weights(path)
        loaded = LoadedModel(spec, model)
        shape = loaded(np.zeros(spec.input_shape, np.float32)).shape
    except Exception as error:  # Keras and h5py raise all sorts for a file of another shape
        _log.exception("%s does not load into %s", path, spec.builder)
        raise unavailable(spec.id, "does not fit this version of Encore") from error
    if shape != spec.output_shape:
        _log.error("%s gives %s, the manifest says %s", spec.id, shape, spec.output_shape)
        raise unavailable(spec.id, "does not fit this version of Encore")
    return loaded


def _keep_sessions() -> None:
    """Keep Streamlit from clearing Keras's session after every run of every visitor's page.

    It does so once Keras is imported, in the page's thread, and a model that another thread builds
    or runs at that moment deadlocks or loses its state. Nothing here needs the cleaning: models
    live as long as the process.
    """
    runner = sys.modules.get("streamlit.runtime.scriptrunner.script_runner")
    if runner is not None:
        runner.__dict__["_clean_problem_modules"] = lambda: None


def _prepare_tensorflow() -> None:
    """Import TensorFlow quietly and settle what it lets be settled only once, at its start."""
    _keep_sessions()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    import tensorflow as tf

    if "TF_NUM_INTRAOP_THREADS" not in os.environ:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(THREADS)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            _log.info("TensorFlow runs already, with threads of its own choice")
