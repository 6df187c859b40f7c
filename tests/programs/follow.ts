// Streams whose virtual device is lost, and that go on on another one: PASTREAM_HOST_API=virtual makes it the default.
// Prints JSON.
import { DeviceLostError, DuplexStream, InputStream, RingBuffer } from "../../mod.ts";

const LOST_AT = 10240;
const hostSettings = { hostApi: "virtual", faults: [{ atFrame: LOST_AT, kind: "deviceLost" }] } as const;
const options = { device: "virtual", channels: 1, hostSettings } as const;
const follow = { ...options, onDeviceLost: "follow" } as const;

/** What is played is whole, and the recording has silence in the hole. */
async function duplex(): Promise<unknown> {
  await using stream = new DuplexStream(follow);
  const played = Float32Array.from({ length: 48000 }, (_, i) => i + 1);
  const ring = stream.setSink(new RingBuffer(4, 1 << 19));
  stream.setSource(played);
  await stream.start({ pad: 4800 });
  await stream.wait();
  const recorded = new Float32Array(ring.readAvailable);
  ring.readInto(recorded);
  const { glitches, frameCount, xruns } = stream;
  const hole = glitches[0]?.frames ?? 0;
  const sound = recorded.filter((sample) => sample !== 0);
  return {
    glitches: glitches.map(({ kind, frame }) => [kind, frame]),
    holed: hole > 0,
    frames: frameCount - hole,
    recorded: recorded.length - hole,
    xruns,
    // The block that was in the delay line of the lost device is not heard.
    inOrder: sound.every((sample, i) => i === 0 || sample > sound[i - 1]),
    missing: 48000 - sound.length,
    silence: recorded.subarray(LOST_AT, LOST_AT + hole).every((sample) => sample === 0),
  };
}

/**
 * What a duplex stream plays is whole, also where memory of a fixed length takes the recording: that has the source
 * from the delay of the device on, silence in the hole, and as much of the rest as has room.
 */
async function playrec(): Promise<unknown> {
  const played = Float32Array.from({ length: 24000 }, (_, i) => i + 1);
  const ends = async (out?: Float32Array<ArrayBuffer>) => {
    await using stream = new DuplexStream(follow);
    const pad = 4800;
    const recorded = out ? await stream.playrec(played, { out, pad }) : await stream.playrec(played, { pad });
    const hole = stream.glitches.find(({ kind }) => kind === "rerouted")?.frames ?? 0;
    const dropped = stream.glitches.filter(({ kind }) => kind === "sinkOverflow");
    const delay = recorded.indexOf(1);
    const expected = (i: number) => {
      if (i < LOST_AT) return played[i - delay] ?? 0;
      return i < LOST_AT + hole + delay ? 0 : played[i - hole - delay] ?? 0;
    };
    return {
      heard: stream.heard,
      frameCount: stream.frameCount - hole,
      recorded: recorded.length - (out ? 0 : hole),
      inPlace: recorded.every((sample, i) => sample === expected(i)),
      kept: stream.frameCount - dropped.reduce((sum, { frames }) => sum + frames, 0) === recorded.length,
      overflows: dropped.length > 0,
    };
  };
  return { new: await ends(), fixed: await ends(new Float32Array(28800)) };
}

/** A recording has the length that was asked for. */
async function record(): Promise<unknown> {
  await using stream = new InputStream(follow);
  const recorded = await stream.record(48000);
  return { frames: recorded.length, frameCount: stream.frameCount, glitches: stream.glitches.map(({ kind }) => kind) };
}

/** Without the option it is an error, as ever; and where there is no other device. */
const isLost = async (options: object) => {
  await using stream = new InputStream(options);
  return await stream.record(48000).then(() => false, (error) => error instanceof DeviceLostError);
};

console.log(
  JSON.stringify({
    duplex: await duplex(),
    playrec: await playrec(),
    record: await record(),
    error: await isLost(options),
  }),
);
