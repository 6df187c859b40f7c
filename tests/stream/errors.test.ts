// What ends a run that goes wrong, and who is told: errors, faults of the device, signals.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PS_COMMAND_ABORT, PS_COMMAND_CLOSE } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import {
  BufferEmptyError,
  BufferFullError,
  DeviceLostError,
  DuplexStream,
  InputStream,
  OutputStream,
  paInputOverflow,
  paOutputUnderflow,
  PastreamError,
  RingBuffer,
  type Source,
} from "../../mod.ts";
import { coreOf } from "../../src/stream/stream.ts";
import { equalSamples, flags, noise, pause, virtual } from "../helpers/streams.ts";

const realtime = <const O extends object>(options?: O): O => virtual("realtime", options);
const freewheel = <const O extends object>(options?: O): O => virtual("freewheel", options);

describe("an error that ends a run", () => {
  const failing = async () => {
    const stream = new OutputStream(freewheel({ channels: 1 }));
    const ring = stream.setSource(new RingBuffer(4, 64));
    ring.advanceWriteIndex(64);
    await stream.start({ frames: 65 });
    const ended = stream.ended;
    while (stream.active) await pause(1);
    return { stream, ended };
  };

  it("is thrown by the first that asks, and by `ended`", async () => {
    for (const first of ["wait", "drain", "stop", "abort", "close"] as const) {
      const { stream, ended } = await failing();
      await assert.rejects(() => stream[first]() as Promise<unknown>, BufferEmptyError, first);
      if (first !== "close") {
        assert.equal(await stream.wait(), true);
        await stream.stop();
        await stream.drain();
        await stream.abort();
      }
      await stream.close();
      await assert.rejects(ended, BufferEmptyError);
      await assert.rejects(stream.ended, BufferEmptyError);
      assert.equal(stream.aborted, true);
    }
  });

  it("is not thrown again where `ended` has thrown it", async () => {
    const ends = {
      "await using": (stream: OutputStream) => stream[Symbol.asyncDispose](),
      "close()": (stream: OutputStream) => stream.close(),
      "stop()": (stream: OutputStream) => stream.stop(),
      "abort()": (stream: OutputStream) => stream.abort(),
    };
    for (const [name, end] of Object.entries(ends)) {
      const { stream, ended } = await failing();
      await assert.rejects(ended, BufferEmptyError, name);
      await end(stream);
      await stream.close();
    }
    const body = async () => {
      await using stream = (await failing()).stream;
      await stream.ended;
    };
    await assert.rejects(body, BufferEmptyError);
    const race = async () => {
      await using stream = (await failing()).stream;
      await Promise.race([stream.ended, new Promise(() => {})]);
    };
    await assert.rejects(race, BufferEmptyError);
    // To have read `ended`, and not waited for it, reports nothing.
    const { stream } = await failing();
    assert.ok(stream.ended instanceof Promise);
    await assert.rejects(() => stream.close(), BufferEmptyError);
    // Who asks how the run ended is told.
    const waited = (await failing()).stream;
    await assert.rejects(waited.ended, BufferEmptyError);
    await assert.rejects(() => waited.wait(), BufferEmptyError);
    assert.equal(await waited.wait(), true);
    await waited.close();
  });

  it("falls to one of several that wait", async () => {
    await using stream = new OutputStream(freewheel({ channels: 1 }));
    let fail = () => {};
    const failing = new Promise<void>((resolve) => fail = resolve);
    stream.setSource(async () => {
      await failing;
      throw new Error("once");
    });
    await stream.start({ prebuffer: false });
    const waits = [stream.wait(), stream.wait(), stream.wait(5)];
    fail();
    const results = await Promise.allSettled(waits);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "fulfilled", "rejected"]);
  });

  it("is thrown to the caller of play(), even if another call has thrown it", async () => {
    await using stream = new OutputStream(freewheel({ channels: 1 }));
    await assert.rejects(() => stream.play(new Float32Array(10), { frames: 11 }), BufferEmptyError);
    assert.equal(await stream.wait(), true);
  });

  it("is forgotten with the next start", async () => {
    const { stream } = await failing();
    stream.setSource(new Float32Array(10));
    await stream.start();
    await stream.wait();
    assert.equal(flags(stream), "finished");
    await stream.close();
  });

  it("is an xrun, if that is asked for", async () => {
    const faults = [{ atFrame: 2000, kind: "outputUnderflow", frames: 10 }] as const;
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, blockSize: 100 }, { faults }));
    stream.setSource(new Float32Array(10000));
    await stream.start({ fatalXruns: true });
    await assert.rejects(
      () => stream.wait(),
      (error: unknown) => error instanceof PastreamError && error.code === "xrun",
    );
    assert.equal(stream.frameCount, 2100);
    assert.equal(stream.xruns, 1);
  });

  it("is a device that went away", async () => {
    const faults = [{ atFrame: 4800, kind: "deviceLost" }] as const;
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, blockSize: 480 }, { faults }));
    const sink = new RingBuffer(4, 65536);
    stream.setSink(sink);
    await stream.start();
    await assert.rejects(() => stream.wait(5), DeviceLostError);
    assert.equal(stream.aborted, true);
    assert.equal(sink.readAvailable, 4800);
  });

  it("leaves a recording that was too long as it is", async () => {
    await using stream = new DuplexStream(freewheel({ channels: 1, dtype: "int16", blockSize: 64 }));
    const memory = new Int16Array(1000);
    const played = noise("int16", 2000);
    stream.setSink(memory);
    stream.setSource(played);
    await stream.start();
    await assert.rejects(() => stream.wait(), BufferFullError);
    assert.equal(stream.frameCount, 1000);
    equalSamples(memory.subarray(64), played.subarray(0, 936));
  });
});

describe("faults of the device", () => {
  it("are counted, flagged and logged", async () => {
    const faults = [
      { atFrame: 1000, kind: "inputOverflow", frames: 7 },
      { atFrame: 3000, kind: "outputUnderflow" },
      { atFrame: 5000, kind: "outputUnderflow" },
    ] as const;
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, blockSize: 100 }, { faults }));
    await stream.start({ frames: 10000 });
    await stream.wait();
    assert.equal(stream.xruns, 3);
    assert.deepEqual(stream.xrunCounts, {
      inputUnderflows: 0,
      inputOverflows: 1,
      outputUnderflows: 2,
      outputOverflows: 0,
      sourceUnderflows: 0,
    });
    assert.equal(stream.status, paInputOverflow | paOutputUnderflow);
    assert.deepEqual(stream.glitches.map(({ frame, kind }) => [frame, kind]), [
      [1000, "inputOverflow"],
      [3000, "outputUnderflow"],
      [5000, "outputUnderflow"],
    ]);
  });

  it("are told from gaps of a late source", async () => {
    await using stream = new OutputStream(realtime({ channels: 1 }));
    stream.setSource(async (_stream, ring) => {
      ring.write(new Float32Array(100));
      await pause(50);
      ring.write(new Float32Array(100));
    });
    await stream.start({ prebuffer: 100 });
    await stream.wait();
    assert.deepEqual([stream.xruns, stream.xrunCounts.sourceUnderflows, stream.status], [1, 1, 0]);
    const [gap] = stream.glitches;
    assert.deepEqual([gap.kind, gap.frame], ["sourceUnderflow", 100]);
    assert.ok(gap.frames > 1000, `${gap.frames} frames`);
    assert.equal(stream.frameCount, 200 + gap.frames);
  });
});

describe("what a source throws", () => {
  const pieces = new Float32Array(500);
  for (const thrown of [undefined, null, 0, false, ""]) {
    const sources: Record<string, () => Source<"float32">> = {
      "a generator": () =>
        (function* () {
          yield pieces;
          throw thrown;
        })(),
      "a function": () => (_stream, ring) => {
        ring.write(pieces);
        throw thrown;
      },
      "a ReadableStream": () => {
        let isFirst = true;
        const pull = (controller: ReadableStreamDefaultController<Float32Array>) => {
          if (isFirst) controller.enqueue(pieces);
          else controller.error(thrown);
          isFirst = false;
        };
        return new ReadableStream({ pull }, { highWaterMark: 0 });
      },
    };
    for (const [name, source] of Object.entries(sources)) {
      it(`is the error of the run, also ${JSON.stringify(thrown)} of ${name}`, async () => {
        await using stream = new OutputStream(virtual("freewheel", { channels: 1 }));
        const told = assert.rejects(stream.ended, (error: unknown) => error === thrown);
        await assert.rejects(stream.play(source()), (error: unknown) => error === thrown);
        await told;
        assert.equal(flags(stream), "finished aborted");
        assert.equal(stream.heard, 500);
      });
    }
  }
});

describe("a signal", () => {
  it("aborts a run, and tells all that wait", async () => {
    const control = new AbortController();
    const stream = new DuplexStream(realtime({ channels: 1, signal: control.signal }));
    await stream.start();
    const waits = [stream.wait(), stream.wait(10), stream.ended].map((wait) =>
      assert.rejects(wait, (error: unknown) => error === "enough")
    );
    control.abort("enough");
    await Promise.all(waits);
    assert.equal(stream.aborted, true);
    assert.equal(await stream.wait(), true);
    await assert.rejects(() => stream.start(), (error: unknown) => error === "enough");
    await stream.close();
  });

  it("is thrown by a later call, if no call was waiting", async () => {
    const control = new AbortController();
    const stream = new DuplexStream(realtime({ channels: 1, signal: control.signal }));
    await stream.start();
    control.abort();
    while (stream.active) await pause(1);
    await assert.rejects(() => stream.stop(), { name: "AbortError" });
    await stream.close();
  });

  it("ends the iterator, play and record with its reason", async () => {
    for (const use of ["chunks", "play", "record", "playrec"] as const) {
      const control = new AbortController();
      const stream = new DuplexStream(realtime({ channels: 1, signal: control.signal }));
      const uses = {
        chunks: async () => {
          for await (const _ of stream.chunks({ chunkSize: 256 }));
        },
        play: () => stream.play(new Float32Array(48000)),
        record: () => stream.record(48000),
        playrec: () => stream.playrec(new Float32Array(48000)),
      };
      setTimeout(() => control.abort(new RangeError(use)), 20);
      await assert.rejects(uses[use], { name: "RangeError", message: use });
      await stream.close();
    }
  });

  it("tells its reason, whatever that is", async () => {
    for (const reason of [0, "", null, false, { a: 1 }]) {
      assert.throws(
        () => new InputStream(realtime({ signal: AbortSignal.abort(reason) })),
        (e: unknown) => e === reason,
      );
      const control = new AbortController();
      await using stream = new InputStream(realtime({ channels: 1, signal: control.signal }));
      await stream.start();
      const told = [stream.wait(), stream.drain(), stream.ended].map((wait) =>
        assert.rejects(wait, (error: unknown) => error === reason)
      );
      control.abort(reason);
      await Promise.all(told);
      assert.equal(flags(stream), "finished aborted");
    }
  });

  it("is no error of a command that was carried out before the stream was freed", async () => {
    const { native: stream } = coreOf(new InputStream(realtime({ channels: 1 })));
    const pending = stream.command(PS_COMMAND_ABORT);
    const { handle } = stream;
    native().ps_stream_await(handle, native().ps_stream_command(handle, PS_COMMAND_CLOSE));
    stream.free();
    stream.poller.wake();
    await pending;
  });

  it("does not wait for sinks that never settle", async () => {
    const stuck = () => new Promise<void>(() => {});
    const control = new AbortController();
    const { signal } = control;
    const [first, second] = [1, 2].map(() => new InputStream(realtime({ channels: 1, signal })));
    const reason = (error: unknown) => error === "enough";
    const recording = assert.rejects(first.record({ out: new WritableStream({ write: stuck }) }), reason);
    second.setSink(stuck);
    await second.start({ frames: 100 });
    const waiting = assert.rejects(second.wait(), reason);
    while (second.active || first.frameCount < 4800) await pause(1);
    control.abort("enough");
    await Promise.all([recording, waiting]);
    assert.deepEqual([first, second].map(flags), ["finished aborted", "finished"]);
    await Promise.all([first.close(), second.close()]);
  });

  it("that has fired lets nothing be opened", async () => {
    const options = realtime({ channels: 1, signal: AbortSignal.abort(new Error("too late")) });
    assert.throws(() => new InputStream(options), { message: "too late" });
    await assert.rejects(() => OutputStream.open(options), { message: "too late" });
    assert.throws(() => new InputStream(realtime({ signal: {} as AbortSignal })), TypeError);
  });
});
