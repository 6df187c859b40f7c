// Arguments of a wrong type or null, in every place that has no test of its own: an error that names them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DuplexStream,
  formatDeviceList,
  installHint,
  loadLibrary,
  matchDevices,
  nearestName,
  queryDevices,
  readFile,
  SoundFile,
  writeFile,
} from "../../mod.ts";
import { virtual } from "../helpers/streams.ts";

const sample = new URL("../../examples/sample.wav", import.meta.url);
const samples = new Float32Array(8);
const shape = { sampleRate: 48000, channels: 1 };

const withFile = (use: (file: SoundFile) => unknown) => {
  using file = new SoundFile(sample);
  return use(file);
};
const withStream = async (use: (stream: DuplexStream) => unknown) => {
  await using stream = new DuplexStream(virtual("freewheel", { channels: 1 }));
  return await use(stream);
};

/** Each call with a wrong value, and the argument that its error must name. */
const calls: Record<string, readonly [argument: string, wrong: unknown, call: (wrong: never) => unknown]> = {
  "matchDevices, devices": ["devices", null, (wrong) => matchDevices(wrong, "usb")],
  "matchDevices, text": ["text", 3, (wrong) => matchDevices(queryDevices(), wrong)],
  "formatDeviceList": ["devices", 3, (wrong) => formatDeviceList(wrong)],
  "installHint": ["library", null, (wrong) => installHint(wrong)],
  "nearestName": ["word", null, (wrong) => nearestName(wrong, ["name"])],
  "loadLibrary": ["url", Symbol("url"), (wrong) => loadLibrary({ url: wrong })],
  "SoundFile.read": ["dtype", null, (wrong) => withFile((file) => file.read(1, { dtype: wrong }))],
  "SoundFile.blocks": ["blockSize", null, (wrong) => withFile((file) => [...file.blocks({ blockSize: wrong })])],
  "readFile": ["dtype", null, (wrong) => readFile(sample, { dtype: wrong })],
  "writeFile, dtype": ["dtype", null, (wrong) => writeFile("none/x.wav", samples, { ...shape, dtype: wrong })],
  "writeFile, subtype": ["subtype", null, (wrong) => writeFile("none/x.wav", samples, { ...shape, subtype: wrong })],
  "setSource": ["sampleRate", null, (wrong) => withStream((it) => it.setSource(samples, { sampleRate: wrong }))],
  "setSink": ["channels", null, (wrong) => withStream((it) => it.setSink(samples, { channels: wrong }))],
  "playrec, source": [
    "source",
    7,
    (wrong) => withStream((it) => it.playrec(samples, { out: samples, source: wrong })),
  ],
  "playrec, sink": ["sink", 7, (wrong) => withStream((it) => it.playrec(samples, { out: samples, sink: wrong }))],
};

describe("a wrong argument", () => {
  for (const [name, [argument, wrong, call]] of Object.entries(calls)) {
    it(`of ${name} is a TypeError that names it`, async () => {
      await assert.rejects(async () => await call(wrong as never), (error: Error) => {
        assert.equal(error.name, "TypeError", error.message);
        assert.match(error.message, new RegExp(`^${argument} must be .*, not .`));
        return true;
      });
    });
  }
});
