// An option that a call does not know is refused with the name that was probably meant, by every public function.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkSettings,
  chunks,
  defaults,
  deviceChanges,
  DuplexStream,
  info,
  InputStream,
  loadLibrary,
  nearestName,
  OutputStream,
  play,
  playrec,
  readFile,
  record,
  SoundFile,
  writeFile,
} from "../../mod.ts";
import { scope } from "../../cli/scope/scope.ts";
import { virtual } from "../helpers/streams.ts";

const samples = new Float32Array(8);
const described = { sampleRate: 48000, channels: 1, format: "WAV" };
const options = virtual("freewheel", { channels: 1 });
const withFile = (use: (file: SoundFile) => unknown) => {
  using file = new SoundFile(new URL("../../examples/sample.wav", import.meta.url));
  return use(file);
};
const withStream = async (use: (stream: DuplexStream) => unknown) => {
  await using stream = new DuplexStream(options);
  return await use(stream);
};

/** Each call with a wrong option, and the option that its error must name. */
const calls: Record<string, readonly [wrong: object, right: string, call: (wrong: never) => unknown]> = {
  "new InputStream": [{ ...options, chanels: 2 }, "channels", (wrong) => new InputStream(wrong)],
  "new OutputStream": [{ ...options, sampelRate: 1 }, "sampleRate", (wrong) => new OutputStream(wrong)],
  "DuplexStream.open": [{ ...options, blocksize: 1 }, "blockSize", (wrong) => DuplexStream.open(wrong)],
  "OutputStream.fromFile": [{ latancy: 1 }, "latency", (wrong) => OutputStream.fromFile("none.wav", wrong)],
  "hostSettings": [
    { hostApi: "virtual", clok: 1 },
    "clock",
    (wrong) => new InputStream({ ...options, hostSettings: wrong }),
  ],
  "faults": [
    { kind: "deviceLost", atFrames: 1, atFrame: 1 },
    "atFrame",
    (wrong) => new InputStream(virtual("freewheel", {}, { faults: [wrong] })),
  ],
  "checkSettings": [{ ...options, dtyp: "int16" }, "dtype", (wrong) => checkSettings("input", wrong)],
  "deviceChanges": [{ signl: 1 }, "signal", (wrong) => deviceChanges(wrong).next()],
  "loadLibrary": [{ pth: "x" }, "path", (wrong) => loadLibrary(wrong)],
  "chunks": [{ ...options, chunksize: 2 }, "chunkSize", (wrong) => chunks(wrong)],
  "play": [{ ...options, lop: true }, "loop", (wrong) => play(samples, wrong)],
  "record": [{ ...options, ofset: 1 }, "offset", (wrong) => record(8, wrong)],
  "playrec": [{ ...options, frame: 1 }, "frames", (wrong) => playrec(samples, wrong)],
  "readFile": [{ strat: 1 }, "start", (wrong) => readFile("none.wav", wrong)],
  "writeFile": [{ ...described, subtyp: "FLOAT" }, "subtype", (wrong) => writeFile("none/x.wav", samples, wrong)],
  "info": [{ fromat: "RAW" }, "format", (wrong) => info("none.wav", wrong)],
  "new SoundFile": [{ ...described, endain: "big" }, "endian", (wrong) => new SoundFile("none.wav", "r", wrong)],
  "SoundFile.inMemory": [{ ...described, chanels: 1 }, "channels", (wrong) => SoundFile.inMemory(wrong)],
  "SoundFile.read": [{ filValue: 0 }, "fillValue", (wrong) => withFile((file) => file.read(1, wrong))],
  "SoundFile.readAsync": [{ dytpe: 0 }, "dtype", (wrong) => withFile((file) => file.readAsync(1, wrong))],
  "SoundFile.blocks": [{ blocksize: 1 }, "blockSize", (wrong) => withFile((file) => file.blocks(wrong))],
  "Stream.start": [{ prebufer: 1 }, "prebuffer", (wrong) => withStream((stream) => stream.start(wrong))],
  "setSource": [{ lop: true }, "loop", (wrong) => withStream((stream) => stream.setSource(samples, wrong))],
  "setSink": [{ bufersize: 1 }, "bufferSize", (wrong) => withStream((stream) => stream.setSink(samples, wrong))],
  "addSink": [{ onOverfow: 1 }, "onOverflow", (wrong) => withStream((stream) => stream.addSink(samples, wrong))],
  "toFile": [
    { subtpye: "FLOAT" },
    "subtype",
    (wrong) => withStream((stream) => stream.toFile("none/x.wav", "w", wrong)),
  ],
  "Stream.record": [{ blockng: 1 }, "blocking", (wrong) => withStream((stream) => stream.record(8, wrong))],
  "Stream.record into memory": [
    { out: samples, ofset: 1 },
    "offset",
    (wrong) => withStream((stream) => stream.record(wrong)),
  ],
  "nextFile": [
    { att: 1 },
    "at",
    (wrong) => withStream((stream) => withFile((file) => stream.nextFile(file, wrong))),
  ],
  "Stream.chunks": [{ overlp: 1 }, "overlap", (wrong) => withStream((stream) => stream.chunks(wrong))],
  "readable": [{ chunkSise: 1 }, "chunkSize", (wrong) => withStream((stream) => stream.readable(wrong))],
  "writable": [{ buffersize: 1 }, "bufferSize", (wrong) => withStream((stream) => stream.writable(wrong))],
  "Stream.play": [{ padd: 1 }, "pad", (wrong) => withStream((stream) => stream.play(samples, wrong))],
  "Stream.playrec": [{ framse: 1 }, "frames", (wrong) => withStream((stream) => stream.playrec(samples, wrong))],
  "a source in a worker": [
    { worker: new URL("none.ts", import.meta.url), dta: 1 },
    "data",
    (wrong) => withStream((stream) => stream.setSource(wrong)),
  ],
  "a sink in a worker": [
    { worker: new URL("none.ts", import.meta.url), dta: 1 },
    "data",
    (wrong) => withStream((stream) => stream.addSink(wrong)),
  ],
  "clear": [{ fad: 1 }, "fade", (wrong) => withStream((stream) => stream.clear(wrong))],
  "scope": [{ foldr: "." }, "folder", (wrong) => scope(wrong)],
  "scope, of its stream": [{ device: "virtual", latncy: 1 }, "latency", (wrong) => scope(wrong)],
};

describe("an unknown option", () => {
  for (const [name, [wrong, right, call]] of Object.entries(calls)) {
    it(`of ${name} is a TypeError that names ${right}`, async () => {
      await assert.rejects(async () => await call(wrong as never), (error: Error) => {
        assert.equal(error.name, "TypeError", error.message);
        assert.match(error.message, new RegExp(`there is no option "\\w+"; did you mean ${right}\\?$`));
        return true;
      });
    });
  }

  it("of `defaults` is one as well, when it is set", async () => {
    const set = defaults as Record<string, unknown>;
    const message = 'defaults: there is no option "chanels"; did you mean channels?';
    assert.throws(() => Object.assign(defaults, { chanels: 2 }), { name: "TypeError", message });
    assert.throws(() => set.samplerate = 48000, /did you mean sampleRate\?$/);
    assert.throws(() => set.signal = new AbortController().signal, /defaults: there is no option "signal"/);
    assert.deepEqual({ ...defaults }, {});
    set.channels = 3;
    try {
      assert.deepEqual({ ...defaults }, { channels: 3 });
      await using stream = new InputStream(virtual("freewheel"));
      assert.equal(stream.channels, 3);
    } finally {
      delete set.channels;
    }
  });

  it("that is like no other lists them", () => {
    const message = 'options: there is no option "tempo"; the options are dtype, fillValue, out';
    assert.throws(() => withFile((file) => file.read(1, { tempo: 1 } as never)), { name: "TypeError", message });
  });
});

describe("nearestName()", () => {
  it("returns what was nearly written, and nothing far away", () => {
    const names = ["--duration", "--device", "--loop", "--list"];
    assert.equal(nearestName("--durration", names), "--duration");
    assert.equal(nearestName("--lsit", names), "--list");
    assert.equal(nearestName("--DEVICE", names), "--device");
    assert.equal(nearestName("--xyzzy", names), undefined);
    assert.equal(nearestName("", names), undefined);
  });
});
