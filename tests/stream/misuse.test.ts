// Whatever is called on whatever is closed, given away or in use: an error that says so, never a crash.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, before, describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import {
  DuplexStream,
  InputStream,
  OutputStream,
  PastreamError,
  RingBuffer,
  SoundFile,
  type Stream,
  type StreamOptions,
} from "../../mod.ts";
import { pause, virtual } from "../helpers/streams.ts";

const has = (code: string) => (error: unknown) => error instanceof PastreamError && error.code === code;
const realtime = virtual("realtime", { channels: 1 });

/** The names of all methods and accessors of an object, inherited ones too. */
function members(object: object): [name: string, descriptor: PropertyDescriptor][] {
  const found = new Map<string, PropertyDescriptor>();
  for (let level = Object.getPrototypeOf(object); level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== "constructor" && !found.has(name)) found.set(name, descriptor);
    }
  }
  return [...found];
}

let folder = "";
before(() => void (folder = mkdtempSync(joinPath(tmpdir(), "pastream-"))));
after(() => rmSync(folder, { recursive: true }));

describe("a closed stream", () => {
  const args: Record<string, unknown[]> = {
    setSource: [new Float32Array(8)],
    setSink: [new Float32Array(8)],
    play: [new Float32Array(8)],
    playrec: [new Float32Array(8)],
    record: [8],
    nextFile: [{}],
    toFile: ["/nowhere.wav"],
  };
  const settings: Record<string, unknown> = { rxMapping: null, txMapping: null, outputGain: 1 };
  for (const Class of [InputStream, OutputStream, DuplexStream]) {
    it(`has methods that say so: ${Class.name}`, async () => {
      const stream = new (Class as new (options: StreamOptions) => Stream)(realtime);
      await stream.close();
      const harmless = ["close", "toString"];
      let methods = 0;
      for (const [name, { value, get, set }] of members(stream)) {
        if (typeof value === "function" && !harmless.includes(name)) {
          methods++;
          const call = () => (value as (...args: unknown[]) => unknown).apply(stream, args[name] ?? []);
          // Methods that return a promise do not throw, they reject.
          let result: unknown;
          try {
            result = call();
          } catch (error) {
            assert.ok(has("closed")(error), `${name}: ${error}`);
            continue;
          }
          await assert.rejects(result as Promise<unknown>, has("closed"), name);
        }
        if (get) assert.doesNotThrow(() => get.call(stream), name);
        if (set) {
          assert.ok(name in settings, name);
          assert.throws(() => set.call(stream, settings[name]), has("closed"), name);
        }
      }
      assert.ok(methods >= 10, `${methods} methods`);
      await stream.close();
      await stream[Symbol.asyncDispose]();
    });
  }

  it("rejects what was begun before", async () => {
    const stream = new DuplexStream(realtime);
    const chunks = stream.chunks({ chunkSize: 100 });
    const readable = stream.readable({ chunkSize: 100 }).getReader();
    const writable = stream.writable().getWriter();
    writable.closed.catch(() => {});
    await stream.close();
    await assert.rejects(() => chunks.next(), has("closed"));
    await assert.rejects(() => readable.read(), has("closed"));
    await assert.rejects(() => writable.write(new Float32Array(5)), has("closed"));
  });

  it("is freed, with the rings that it has made", async () => {
    const before = native().ps_handle_count();
    const stream = new DuplexStream(realtime);
    const source = stream.setSource(() => {});
    const sink = stream.setSink(new Float32Array(10));
    await stream.close();
    for (const ring of [source, sink]) assert.throws(() => ring.read(), has("closed"));
    assert.equal(native().ps_handle_count(), before);
  });

  it("is closed once, however often and from wherever that is asked", async () => {
    const stream = new DuplexStream(realtime);
    await stream.start();
    await Promise.all([stream.close(), stream.close(), stream[Symbol.asyncDispose]()]);
    const failing = new OutputStream(realtime);
    let started = false;
    failing.setSource(async () => {
      while (!started) await pause(1);
      throw new Error("mine");
    });
    await failing.start({ prebuffer: false });
    started = true;
    while (failing.active) await pause(1);
    const closes = await Promise.allSettled([failing.close(), failing.close()]);
    assert.deepEqual(closes.map(({ status }) => status), ["rejected", "fulfilled"]);
  });
});

describe("a running stream", () => {
  it("refuses what would disturb its run", async () => {
    await using stream = new DuplexStream(realtime);
    await stream.start();
    const refused: (() => unknown)[] = [
      () => stream.start(),
      () => stream.play(new Float32Array(8)),
      () => stream.record(8),
      () => stream.playrec(new Float32Array(8)),
    ];
    for (const refuse of refused) await assert.rejects(async () => await refuse(), has("active"), String(refuse));
    assert.throws(() => stream.setSource(new Float32Array(8)), has("active"));
    assert.throws(() => stream.setSink(new Float32Array(8)), has("active"));
    assert.throws(() => stream.writable(), has("active"));
    assert.equal(stream.active, true);
    stream.rxMapping = [0];
    stream.outputGain = 0;
    stream.unref();
    stream.ref();
    assert.equal(stream.active, true);
    await stream.stop();
  });

  it("is started by one of two who try at once", async () => {
    await using stream = new DuplexStream(realtime);
    const results = await Promise.allSettled([stream.start(), stream.start(), stream.start()]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    await Promise.all([stream.stop(), stream.stop(), stream.abort(), stream.drain(), stream.wait()]);
    assert.equal(stream.active, false);
  });

  it("is closed in the middle of everything", async () => {
    for (let i = 0; i < 20; i++) {
      const stream = new DuplexStream(realtime);
      const begun = [stream.start(), stream.wait(), stream.stop(), stream.drain()].map((promise) =>
        promise.catch(() => {})
      );
      if (i % 2 === 0) await pause(i % 5);
      await stream.close();
      await Promise.all(begun);
      assert.equal(stream.closed, true);
    }
  });
});

describe("closed rings and files", () => {
  it("are refused by streams, and have methods that say so", async () => {
    await using stream = new DuplexStream(realtime);
    const ring = new RingBuffer(4, 16);
    ring.close();
    assert.throws(() => stream.setSource(ring), has("closed"));
    assert.throws(() => stream.setSink(ring), has("closed"));
    const path = joinPath(folder, "closed.wav");
    const file = new SoundFile(path, "w", { sampleRate: 48000, channels: 1 });
    file.close();
    assert.throws(() => stream.setSink(file), has("closed"));
    await assert.rejects(() => stream.play(file), has("closed"));
    for (const name of ["read", "write", "seek", "tell", "truncate", "flush"] as const) {
      assert.throws(
        () => (file[name] as (...args: unknown[]) => unknown)(name === "write" ? new Float32Array(1) : 1),
        has("closed"),
        name,
      );
    }
    file.close();
  });

  it("that are closed after they were set are refused at the start", async () => {
    await using stream = new DuplexStream(realtime);
    const file = stream.toFile(joinPath(folder, "gone.wav"));
    stream.setSink(file);
    file.close();
    await assert.rejects(() => stream.start(), has("closed"));
    const ring = new RingBuffer(4, 16);
    stream.setSink(ring);
    ring.close();
    await assert.rejects(() => stream.start(), has("closed"));
    stream.setSink(new RingBuffer(4, 65536));
    await stream.start();
    await stream.stop();
  });

  it("may be closed while a stream runs that uses them, if they are rings", async () => {
    await using stream = new DuplexStream(realtime);
    const [source, sink] = [new RingBuffer(4, 4096), new RingBuffer(4, 65536)];
    stream.setSource(source);
    stream.setSink(sink);
    await stream.start({ pad: -1 });
    source.close();
    sink.close();
    while (stream.frameCount === 0) await pause(1); // it goes on
    await stream.stop();
    await assert.rejects(() => stream.start(), has("closed"));
  });
});

describe("memory that is given away or shrinks", () => {
  it("is an error where it is used, never a crash", async () => {
    await using stream = new DuplexStream(realtime);
    const give = (array: Float32Array<ArrayBuffer>) => structuredClone(array.buffer, { transfer: [array.buffer] });
    const memory = new Float32Array(480);
    give(memory);
    for (
      const use of [() => stream.setSource(memory), () => stream.setSink(memory), () => stream.chunks({ out: memory })]
    ) {
      assert.throws(use, { name: "TypeError", message: /detached/ });
    }
    await assert.rejects(() => stream.play(memory), { name: "TypeError", message: /detached/ });
    await assert.rejects(() => stream.play([memory]), { name: "TypeError", message: /detached/ });
    if (!("resize" in ArrayBuffer.prototype)) return;
    const buffer = new ArrayBuffer(4000, { maxByteLength: 8000 });
    const [source, sink] = [new Float32Array(buffer), new Float32Array(new ArrayBuffer(4000, { maxByteLength: 4000 }))];
    stream.setSource(source);
    stream.setSink(sink);
    await stream.start();
    sink.buffer.resize(0);
    await assert.rejects(() => stream.wait(), { name: "TypeError", message: /4000 bytes/ });
    stream.setSink(new Float32Array(1000));
    buffer.resize(400);
    await assert.rejects(() => stream.start(), { name: "TypeError", message: /4000 bytes/ });
  });
});

describe("wait()", () => {
  it("checks its timeout", async () => {
    await using stream = new DuplexStream(realtime);
    for (const wrong of [-1, NaN, -Infinity]) await assert.rejects(() => stream.wait(wrong), RangeError);
    for (const wrong of ["1", null, {}]) await assert.rejects(() => stream.wait(wrong as unknown as number), TypeError);
    assert.equal(await stream.wait(0), true);
    await stream.start();
    assert.equal(await stream.wait(0), false);
    setTimeout(() => stream.stop(), 10);
    assert.equal(await stream.wait(Infinity), true);
  });
});

describe("start()", () => {
  it("checks its options before anything begins", async () => {
    await using stream = new DuplexStream(realtime);
    const wrong: [options: unknown, name: string, message: RegExp][] = [
      [{ frames: 0.5 }, "RangeError", /frames/],
      [{ frames: "5" }, "TypeError", /frames/],
      [{ frames: 5n }, "TypeError", /frames/],
      [{ frames: Number.MAX_SAFE_INTEGER }, "RangeError", /frames .* at most 9000000000000000/],
      [{ pad: NaN }, "RangeError", /pad/],
      [{ offset: -1 }, "RangeError", /offset/],
      [{ frames: 10, offset: 11 }, "RangeError", /offset/],
      [{ prebuffer: 1.5 }, "RangeError", /prebuffer/],
      [{ fatalXruns: 1 }, "TypeError", /fatalXruns/],
      [5, "TypeError", /options/],
      [null, "TypeError", /options/],
    ];
    for (const [options, name, message] of wrong) {
      await assert.rejects(
        () => stream.start(options as object),
        { name, message },
        String(JSON.stringify(String(options))),
      );
    }
    assert.equal(stream.finished, false);
    assert.equal(await stream.wait(), true);
  });
});
