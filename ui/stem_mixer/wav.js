// 16-bit WAV, to and from AudioBuffers, with core.audio's scale: 32767 is 1. Browsers' own decoders
// divide positive and negative samples by different numbers, and not all by the same.

const FULL = 32767;

const letters = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

// The buffer, or null if it is no 16-bit PCM WAV.
const bufferOf = (bytes) => {
  const view = new DataView(bytes);
  if (view.byteLength < 44 || letters(view, 0) !== "RIFF" || letters(view, 8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const name = letters(view, at);
    at += 8;
    if (name === "fmt ") {
      const [code, channels] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
      if (code !== 1 || view.getUint16(at + 14, true) !== 16) return null;
      format = { numberOfChannels: channels, sampleRate: view.getUint32(at + 4, true) };
    } else if (name === "data" && format) {
      const { numberOfChannels: channels } = format;
      const length = Math.floor(Math.min(size, view.byteLength - at) / (2 * channels));
      if (length < 1) return null;
      const buffer = new AudioBuffer({ ...format, length });
      for (let channel = 0; channel < channels; channel += 1) {
        const samples = buffer.getChannelData(channel);
        for (let i = 0; i < length; i += 1) {
          samples[i] = view.getInt16(at + 2 * (i * channels + channel), true) / FULL;
        }
      }
      return buffer;
    }
    at += size + (size % 2);
  }
  return null;
};

const wavOf = (buffer) => {
  const { numberOfChannels: channels, length, sampleRate } = buffer;
  const bytes = length * channels * 2;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const text = (at, letters) => [...letters].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  for (let channel = 0; channel < channels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < length; i += 1) {
      const value = Math.max(-32768, Math.min(32767, Math.round(samples[i] * FULL)));
      view.setInt16(44 + (i * channels + channel) * 2, value, true);
    }
  }
  return new Blob([view], { type: "audio/wav" });
};
