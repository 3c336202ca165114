// Sounding: decoded sounds by their id, started at once, and the level they are heard at.

const FADE_S = 0.02; // a sound that gives way to another: too short to hear, too long to click
const KEPT = 160; // decoded sounds; 3 s at 48 kHz take 0.6 MB each

const unpacked = (text) => {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
};

class Voice {
  constructor(volumebar) {
    this.volumebar = volumebar;
    this.buffers = new Map();
    this.sounding = new Set();
    volumebar.addEventListener("input", () => {
      const { context } = this;
      if (context) this.volume.gain.setTargetAtTime(Number(volumebar.value), context.currentTime, 0.01);
    });
  }

  // Called inside the click or key press, as browsers require of whoever starts sound.
  open() {
    if (!this.context) {
      this.context = new (window.AudioContext ?? window.webkitAudioContext)({ latencyHint: "interactive" });
      this.volume = this.context.createGain();
      this.volume.gain.value = Number(this.volumebar.value);
      this.volume.connect(this.context.destination);
    }
    this.resumed = this.context.resume();
  }

  // The decoded sound of that id: kept, or from `bytes`, or fetched. A promise.
  load(id, url, bytes) {
    let found = this.buffers.get(id);
    this.buffers.delete(id);
    found ??= this.decoded(url, bytes).catch((error) => {
      this.buffers.delete(id);
      throw error;
    });
    this.buffers.set(id, found); // now the youngest
    if (this.buffers.size > KEPT) this.buffers.delete(this.buffers.keys().next().value);
    return found;
  }

  async decoded(url, bytes) {
    if (bytes) return this.context.decodeAudioData(bytes);
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return this.context.decodeAudioData(await answer.arrayBuffer());
  }

  has(id) {
    return this.buffers.has(id);
  }

  // Start a sound; `alone` lets it replace what sounds. `ended` is called when it is over.
  async start(id, url, { alone = true, ended = () => {} } = {}) {
    const [buffer] = await Promise.all([this.load(id, url), this.resumed]);
    if (this.closed) return null;
    if (alone) this.stop();
    const { context } = this;
    const source = context.createBufferSource();
    const gain = context.createGain();
    source.buffer = buffer;
    source.connect(gain).connect(this.volume);
    const take = { source, gain, id, started: context.currentTime, seconds: buffer.duration };
    source.onended = () => {
      this.sounding.delete(take);
      ended(take);
    };
    source.start();
    this.sounding.add(take);
    return take;
  }

  stop() {
    if (!this.context) return;
    const now = this.context.currentTime;
    for (const { source, gain } of this.sounding) {
      gain.gain.setValueAtTime(1, now);
      gain.gain.linearRampToValueAtTime(0, now + FADE_S);
      source.stop(now + FADE_S);
      source.onended = null;
    }
    this.sounding.clear();
  }

  // How far into a take the listener is, seconds.
  elapsed(take) {
    return Math.max(0, this.context.currentTime - (this.context.outputLatency || 0) - take.started);
  }

  close() {
    this.closed = true;
    this.stop();
    this.context?.close();
    this.context = null;
  }
}
