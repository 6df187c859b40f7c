// The states of a stream, and how runs begin and end.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DuplexStream, InputStream, OutputStream, PastreamError, RingBuffer } from "../../mod.ts";
import { takeNativeCalls, total } from "../helpers/native-calls.ts";
import { equalSamples, flags, noise, pause, virtual } from "../helpers/streams.ts";

const isClosed = (error: unknown) => error instanceof PastreamError && error.code === "closed";
const isActive = (error: unknown) => error instanceof PastreamError && error.code === "active";
const realtime = <const O extends object>(options?: O): O => virtual("realtime", options);
const freewheel = <const O extends object>(options?: O): O => virtual("freewheel", options);

describe("an open stream", () => {
  it("says what it is", async () => {
    await using input = new InputStream(realtime({ channels: 3, sampleRate: 44100, blockSize: 128, dtype: "int24" }));
    assert.deepEqual(
      [input.channels, input.sampleRate, input.blockSize, input.dtype, input.sampleSize, input.isDuplex],
      [3, 44100, 128, "int24", 3, false],
    );
    assert.equal(input.latency, 128 / 44100);
    assert.equal(String(input), "InputStream('virtual', 44100 Hz, 3 channels, int24, blockSize 128)");

    await using output = new OutputStream(realtime());
    assert.deepEqual([output.channels, output.sampleRate, output.blockSize, output.dtype, output.isDuplex], [
      2,
      48000,
      0,
      "float32",
      false,
    ]);

    await using duplex = new DuplexStream(realtime({ channels: [1, 4], dtype: ["int16", "float32"] as const }));
    assert.deepEqual(duplex.channels, [1, 4]);
    assert.deepEqual(duplex.dtype, ["int16", "float32"]);
    assert.deepEqual(duplex.sampleSize, [2, 4]);
    assert.equal(duplex.latency.length, 2);
    assert.equal(duplex.isDuplex, true);
    assert.equal(duplex.device[0], duplex.device[1]);
    assert.equal(String(duplex), "DuplexStream('virtual', 48000 Hz, 1 in, 4 out, int16 / float32, blockSize 0)");
  });

  it("can be opened off this thread", async () => {
    const opening = InputStream.open(realtime({ channels: 1 }));
    assert.ok(opening instanceof Promise);
    await using stream = await opening;
    assert.ok(stream instanceof InputStream);
    assert.equal(flags(stream), "");
    await assert.rejects(() => OutputStream.open(realtime({ channels: 65 })), RangeError);
    await assert.rejects(() => DuplexStream.open(realtime({ sampleRate: -1 })), RangeError);
  });

  it("goes through its states", async () => {
    const stream = new DuplexStream(realtime({ channels: 1 }));
    assert.equal(flags(stream), "");
    await stream.start({ frames: 2400 });
    assert.equal(await stream.wait(), true);
    assert.equal(flags(stream), "finished");
    assert.equal(stream.frameCount, 2400);
    await stream.start();
    assert.equal(flags(stream), "active");
    await stream.stop();
    assert.equal(flags(stream), "finished stopped");
    await stream.start();
    assert.equal(flags(stream), "active");
    await stream.abort();
    assert.equal(flags(stream), "finished aborted");
    await stream.close();
    assert.equal(flags(stream), "finished aborted closed");
  });

  it("counts from zero at each start", async () => {
    await using stream = new DuplexStream(realtime({ channels: 1 }));
    const sink = new RingBuffer(4, 1024);
    stream.setSink(sink, { onOverflow: "drop" });
    await stream.start({ frames: 4800 });
    await stream.wait();
    assert.equal(stream.frameCount, 4800);
    assert.equal(stream.glitches.length > 0, true);
    sink.flush();
    await stream.start({ frames: 512 });
    await stream.wait();
    assert.equal(stream.frameCount, 512);
    assert.deepEqual(stream.glitches, []);
  });

  it("tells time, load, levels and timing", async () => {
    await using stream = new DuplexStream(realtime({ channels: 2, blockSize: 480 }));
    const before = stream.time;
    const loud = new Float32Array(9600).map((_, i) => (i % 2 === 0 ? 0.5 : -0.25));
    await stream.playrec(loud);
    assert.ok(stream.time - before >= 0.09, `${stream.time - before} s`);
    const { count, lateness, duration } = stream.callbackStats;
    assert.ok(count >= 10 && count <= 11, `${count} callbacks`);
    assert.ok(lateness.p50 >= 0 && lateness.p50 <= lateness.p99 && lateness.p99 <= lateness.max);
    assert.ok(duration.p50 > 0 && duration.p50 <= duration.max);
    assert.ok(stream.cpuLoad >= 0 && stream.cpuLoad <= 1);
    const { input, output } = stream.levels;
    assert.deepEqual(output.map(({ peak }) => peak), [0.5, 0.25]);
    assert.ok(Math.abs(output[0].rms - 0.5) < 0.001, `rms ${output[0].rms}`);
    assert.deepEqual(input.map(({ peak }) => peak), [0.5, 0.25]);
    assert.deepEqual(stream.levels.output.map(({ peak }) => peak), [0, 0]);
  });

  it("keeps its last values when it is closed", async () => {
    const stream = new DuplexStream(realtime({ channels: 2 }));
    stream.txMapping = [2, 1];
    stream.outputGain = 0.5;
    await stream.playrec(noise("float32", 2000));
    const last = () => [
      stream.frameCount,
      stream.xruns,
      stream.status,
      stream.channels,
      stream.sampleRate,
      stream.callbackStats.count,
      stream.glitches,
      stream.txMapping,
      stream.rxMapping,
      stream.outputGain,
      stream.xrunCounts,
      stream.finished,
      String(stream),
    ];
    const before = last();
    await stream.close();
    assert.deepEqual(last(), before);
    assert.ok(stream.time > 0);
    assert.ok(stream.levels.input.length === 2);
  });
});

describe("what a stream tells", () => {
  /** How many calls of the native side something makes. */
  function calls(look: () => unknown): number {
    takeNativeCalls();
    look();
    return total(takeNativeCalls());
  }

  it("costs a native call at most", async () => {
    await using stream = new DuplexStream(realtime({ channels: 2 }));
    await stream.start();
    const names = [
      ...[
        "active",
        "finished",
        "stopped",
        "aborted",
        "closed",
        "frameCount",
        "xruns",
        "xrunCounts",
        "glitches",
        "status",
      ],
      ...[
        "time",
        "cpuLoad",
        "levels",
        "callbackStats",
        "ended",
        "device",
        "channels",
        "dtype",
        "sampleSize",
        "latency",
      ],
      ...["sampleRate", "blockSize", "isDuplex", "rxMapping", "txMapping", "outputGain", "chunkFrame", "chunkTime"],
    ] as const;
    // These may change, since a stream can go on on another device; each direction is asked.
    const most: Record<string, number> = { device: 4, latency: 2 };
    for (const name of names) {
      assert.ok(calls(() => stream[name as keyof typeof stream]) <= (most[name] ?? 1), name);
    }
    assert.equal(calls(() => stream.frameCount), 1);
  });

  it("is of the run that begins, for the functions of that run, too", async () => {
    const faults = [{ atFrame: 64, kind: "outputUnderflow" }] as const;
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, blockSize: 64 }, { faults }));
    const seen: unknown[] = [];
    stream.setSource((_task, ring) => {
      const { frameCount, xruns, status, glitches, callbackStats, levels } = stream;
      seen.push([frameCount, xruns, status, glitches.length, callbackStats.count, levels.output[0].peak]);
      ring.write(new Float32Array(1000).fill(0.5));
    });
    for (let run = 0; run < 2; run++) {
      await stream.start();
      await stream.wait();
      assert.deepEqual([stream.frameCount, stream.xruns], [1000, 1]);
    }
    assert.deepEqual(seen, [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]);
  });
});

describe("the end of a run", () => {
  it("is waited for, once or by many", async () => {
    await using stream = new OutputStream(realtime({ channels: 1 }));
    assert.equal(await stream.wait(), true); // was never started
    await stream.start();
    const waits = Promise.all([stream.wait(), stream.wait(10), stream.ended, stream.wait(0.001)]);
    await pause(20);
    await stream.stop();
    assert.deepEqual(await waits, [true, true, undefined, false]);
  });

  it("settles an `ended` that was read before the start", async () => {
    const stream = new OutputStream(freewheel({ channels: 1 }));
    const first = stream.ended;
    await stream.play(new Float32Array(100));
    await first;
    assert.equal(stream.ended, first);
    await stream.start();
    assert.notEqual(stream.ended, first);
    const second = stream.ended;
    await stream.close();
    await second;
    const unused = new OutputStream(freewheel({ channels: 1 }));
    const never = unused.ended;
    await unused.close();
    await never;
  });

  it("comes by stop() after what the device has, by abort() at once", async () => {
    await using stream = new DuplexStream(realtime({ channels: 1 }));
    stream.setSource(new Float32Array(48000 * 60));
    const sink = stream.setSink(new RingBuffer(4, 1 << 22));
    for (const end of ["stop", "abort"] as const) {
      sink.flush();
      await stream.start();
      while (stream.frameCount === 0) await pause(10);
      await stream[end]();
      assert.equal(stream.active, false);
      assert.ok(stream.frameCount > 0 && stream.frameCount < 48000 * 60, `${stream.frameCount} frames`);
      assert.equal(sink.readAvailable, stream.frameCount);
    }
  });

  it("is no work for stop, abort, drain and wait of a stream that does not run", async () => {
    await using stream = new OutputStream(freewheel({ channels: 1 }));
    await stream.stop();
    await stream.abort();
    await stream.drain();
    assert.equal(flags(stream), "");
    await stream.play(new Float32Array(10));
    await stream.stop();
    await stream.abort();
    await stream.drain();
    assert.equal(flags(stream), "finished");
  });

  it("is seen by wait() as soon as any other call has seen it", async () => {
    await using stream = new OutputStream(freewheel({ channels: 1 }));
    await stream.play(new Float32Array(100), { blocking: false });
    while (stream.active); // nothing else of JavaScript's runs
    assert.equal(await stream.wait(0), true);
  });

  it("may be asked for by any number of callers at once", async () => {
    const faults = [{ atFrame: 512, kind: "stall", seconds: 0.1 }] as const;
    await using stream = new OutputStream(virtual("realtime", { channels: 1, blockSize: 512 }, { faults }));
    await stream.start();
    await pause(20);
    await Promise.all(Array.from({ length: 100 }, (_, i) => (i < 50 ? stream.stop() : stream.abort())));
    assert.equal(stream.active, false);
    await stream.start({ frames: 100 });
    await stream.stop();
    assert.equal(stream.active, false);
  });

  it("comes by stop during the start, too", async () => {
    await using stream = new OutputStream(realtime({ channels: 1 }));
    stream.setSource(async (_stream, _ring, { signal }) => {
      while (!signal.aborted) await pause(1); // it never writes
    });
    for (const end of ["stop", "abort"] as const) {
      const starting = stream.start();
      assert.equal(stream.active, true);
      await assert.rejects(() => stream.start(), isActive);
      await pause(5);
      await stream[end]();
      await starting;
      assert.equal(flags(stream), end === "stop" ? "finished stopped" : "finished aborted");
    }
  });

  it("comes by close during the start, which then says so", async () => {
    const stream = new OutputStream(realtime({ channels: 1 }));
    stream.setSource(async (_stream, _ring, { signal }) => {
      while (!signal.aborted) await pause(1);
    });
    const starting = assert.rejects(stream.start(), isClosed);
    await stream.close();
    await starting;
    assert.equal(stream.closed, true);
  });

  it("comes by close during the start of what waits for the end, as at any later time", async () => {
    const started = (stream: DuplexStream) => stream.active && stream.frameCount > 0;
    for (const isReady of [() => true, started]) {
      for (const command of ["stop", "abort", "close"] as const) {
        for (const call of ["play", "record", "playrec"] as const) {
          const stream = new DuplexStream(realtime({ channels: 1 }));
          const memory = new Float32Array(480_000);
          const done = call === "record" ? stream.record(memory.length) : stream[call](memory);
          while (!isReady(stream)) await pause(1);
          await stream[command]();
          await done; // that nobody waited for it until now is no unhandled rejection
          await stream.close();
        }
      }
    }
    const stream = await OutputStream.open(realtime({ channels: 1 }));
    const done = stream.play(new Response(new ReadableStream())); // whose header never comes
    await pause(1);
    await stream.close();
    await done;
  });

  it("plays out what is queued, by drain()", async () => {
    await using stream = new DuplexStream(freewheel({ channels: 1, dtype: "int16", blockSize: 64 }));
    const played = noise("int16", 10000);
    let goOn = () => {};
    stream.setSource(async function* () {
      yield played.subarray(0, 5000);
      await new Promise<void>((resolve) => goOn = resolve);
      yield played.subarray(5000);
    });
    const sink = new RingBuffer(2, 65536);
    stream.setSink(sink);
    await stream.start({ pad: -1 });
    while (stream.frameCount < 4992) await pause(1); // a freewheeling device waits for whole blocks
    await stream.drain();
    assert.equal(flags(stream), "finished");
    assert.equal(stream.frameCount, 5000);
    const heard = new Int16Array(5000);
    sink.readInto(heard);
    equalSamples(heard.subarray(64), played.subarray(0, 5000 - 64));
    goOn();
  });

  it("comes by drain() during the start, which then waits for no more", async () => {
    for (const pad of [0, -1]) {
      await using stream = new OutputStream(realtime({ channels: 1 }));
      stream.setSource(async (_stream, ring, { signal }) => {
        ring.write(new Float32Array(100));
        while (!signal.aborted) await pause(1);
      });
      const started = stream.start({ pad, prebuffer: 10000 });
      await pause(5);
      await stream.drain();
      await started;
      assert.equal(flags(stream), "finished");
      assert.ok(stream.frameCount >= 100);
      stream.setSource(() => stream.drain());
      await stream.start({ pad }); // it never writes
      await stream.wait();
      assert.equal(flags(stream), "finished");
    }
  });

  it("lets a loop come to its end, by drain()", async () => {
    await using stream = new OutputStream(realtime({ channels: 1 }));
    stream.setSource(noise("float32", 1000), { loop: true });
    await stream.start();
    await pause(30);
    await stream.drain();
    assert.ok(stream.frameCount >= 1000);
    assert.equal(stream.frameCount % 1000, 0);
  });

  it("comes at once when a stream without a source is drained", async () => {
    await using stream = new InputStream(realtime({ channels: 1 }));
    await stream.start();
    await stream.drain();
    assert.equal(stream.active, false);
  });
});
