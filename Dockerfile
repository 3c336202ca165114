# Encore as one container, for a Hugging Face Docker Space or any other host: port 7860, user 1000.
FROM python:3.12.12-slim-bookworm

# A better SoundFont than the one that comes with pretty_midi; core/soundfont.py looks for it.
RUN apt-get update && apt-get install -y --no-install-recommends fluidr3mono-gm-soundfont \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 encore
WORKDIR /home/encore/app
# Before the code, so that a change of code does not install everything again.
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY --chown=1000:1000 . .
USER 1000
ENV HOME=/home/encore \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/home/encore/.cache/matplotlib \
    NUMBA_CACHE_DIR=/home/encore/.cache/numba \
    NUMBA_CPU_NAME=generic \
    TF_CPP_MIN_LOG_LEVEL=2
# librosa compiles some of itself at the first use; kept in the image, no visitor waits for it.
# For a generic processor, since the host that runs the image need not be the one that built it.
RUN python -m core.warm

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/_stcore/health', timeout=4)"]

# numba looks into no folder that it cannot write to: on a read-only file system it gets a copy.
# A Space (SPACE_ID is set) shows the app in a frame of another origin, over HTTPS: without
# SameSite=None the browser would hold back the cookie that uploads are checked with.
CMD ["sh", "-c", "mkdir -p /tmp/numba && cp -r \"$NUMBA_CACHE_DIR/.\" /tmp/numba && export NUMBA_CACHE_DIR=/tmp/numba && exec python -m streamlit run app.py --server.address 0.0.0.0 --server.port 7860 --server.headless true ${SPACE_ID:+--server.xsrfCookieSameSite none}"]
