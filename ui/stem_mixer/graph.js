// The desk as a graph of audio nodes: for each channel a level and a place, added up; beside the mix
// its references, one of them heard at a time; the master's level; the limiter. It is the same
// whether it plays or renders: what is exported is what was heard.

const MIX = "mix";
const amplitude = (db, closed) => (db <= closed ? 0 : 10 ** (db / 20));

// Samples under the knee as they are, beyond it bent under the ceiling: core.remixing.desk.limited.
const limiterCurve = ({ reach, points, knee_db, ceiling_db }) => {
  const [knee, ceiling] = [10 ** (knee_db / 20), 10 ** (ceiling_db / 20)];
  return Float32Array.from({ length: points }, (_, index) => {
    const x = reach * ((2 * index) / (points - 1) - 1);
    const size = Math.abs(x);
    const bent = knee + (ceiling - knee) * Math.tanh((size - knee) / (ceiling - knee));
    return size <= knee ? x : Math.sign(x) * bent;
  });
};

class DeskGraph {
  // names: channels. references: [{name, of}], `of` being the sound that is heard.
  // settings: {strips: Map name -> {level, pan}, heard, master}.
  constructor(context, names, references, limiter, settings) {
    this.context = context;
    this.feeds = new Map(); // sound -> nodes that it goes into
    this.strips = new Map(); // channel -> {level, place}
    this.buses = new Map(); // what can be heard -> its switch
    this.master = this.stereo();
    const mix = this.bus(MIX);
    for (const name of names) {
      const level = new GainNode(context);
      const place = new StereoPannerNode(context);
      level.connect(place).connect(mix);
      this.strips.set(name, { level, place });
      this.feed(name, level);
    }
    for (const { name, of } of references) {
      const place = new StereoPannerNode(context); // as loud as a channel whose fader is at rest
      place.connect(this.bus(name));
      this.feed(of, place);
    }
    // A shaper takes -1 to 1; beyond full scale is what a limiter is for.
    const squeeze = this.stereo(1 / limiter.reach);
    this.output = new WaveShaperNode(context, { curve: limiterCurve(limiter), oversample: "none" });
    this.master.connect(squeeze).connect(this.output);
    this.set(settings);
  }

  stereo(gain = 1) {
    return new GainNode(this.context, { gain, channelCount: 2, channelCountMode: "explicit" });
  }

  bus(name) {
    const bus = this.stereo();
    bus.connect(this.master);
    this.buses.set(name, bus);
    return bus;
  }

  feed(sound, node) {
    this.feeds.set(sound, [...(this.feeds.get(sound) ?? []), node]);
  }

  // A source of that sound into all that it feeds.
  connect(source, sound) {
    for (const node of this.feeds.get(sound) ?? []) source.connect(node);
  }

  // ramp_s: 0 sets at once, for what does not play yet.
  set({ strips, heard, master }, ramp_s = 0) {
    const now = this.context.currentTime;
    const bring = (param, value) => {
      if (!ramp_s) {
        param.value = value;
        return;
      }
      param.cancelScheduledValues(now);
      param.setValueAtTime(param.value, now);
      param.linearRampToValueAtTime(value, now + ramp_s);
    };
    for (const [name, { level, place }] of this.strips) {
      bring(level.gain, strips.get(name).level);
      bring(place.pan, strips.get(name).pan);
    }
    for (const [name, bus] of this.buses) bring(bus.gain, name === heard ? 1 : 0);
    bring(this.master.gain, master);
  }
}
