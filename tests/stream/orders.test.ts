// Commands of a stream in any order, also from within its own run: each of them settles, and the stream can be closed.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { native } from "../../ffi/load.ts";
import { DuplexStream, PastreamError, RingBuffer, type TaskContext } from "../../mod.ts";
import { full, pause, virtual } from "../helpers/streams.ts";

const numRuns = full ? 2000 : 60;
const PATIENCE = 30000; // far more than anything here takes; a promise that never settles fails the test

/** A promise whose error is a value, so that it may be looked at later. */
const handled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error) => error);

/** What a promise settles with, if it ever does. */
async function settled(promise: Promise<unknown>, what: string): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} never settles` })), PATIENCE);
  });
  return await Promise.race([handled(promise), never]).finally(() => clearTimeout(timer));
}

const words = ["start", "stop", "abort", "drain", "wait", "close", "pause", "turn"] as const;
const fromWithin = ["nothing", "start", "stop", "abort", "drain", "close", "throw"] as const;
const plan = fc.record({
  clock: fc.constantFrom("realtime", "freewheel"),
  /** Whether another stream holds the ring that this one records into, so that its first start is refused. */
  refused: fc.boolean(),
  /** What the source does when it is called, and when its signal is aborted. */
  atBegin: fc.constantFrom(...fromWithin),
  atEnd: fc.constantFrom(...fromWithin),
  script: fc.array(fc.constantFrom(...words), { maxLength: 12 }),
});

describe("commands in any order", () => {
  it("settle, and the stream can be closed", async () => {
    const before = native().ps_handle_count();
    await fc.assert(
      fc.asyncProperty(plan, async ({ clock, refused, atBegin, atEnd, script }) => {
        const busyRing = new RingBuffer(4, 1 << 12);
        const other = new DuplexStream(virtual("realtime", { channels: 1 }));
        if (refused) {
          other.setSink(busyRing, { onOverflow: "drop" });
          await other.start();
        }
        const stream = new DuplexStream(virtual(clock, { channels: 1, blockSize: 64 }));
        const pending: [string, Promise<unknown>][] = [];
        const call = (word: Exclude<typeof words[number], "pause" | "turn">) => {
          pending.push([word, handled(word === "wait" ? stream.wait(0.05) : stream[word]())]);
        };
        let begins = 0;
        const act = (what: typeof fromWithin[number]) => {
          if (what === "throw") throw new Error("thrown by the source");
          if (what === "start") {
            try {
              stream.setSource(new Float32Array(100));
              stream.setSink(new Float32Array(100));
            } catch (error) {
              assert.ok(error instanceof PastreamError, String(error));
            }
          }
          if (what !== "nothing") call(what);
        };
        const source = async (_stream: unknown, ring: RingBuffer, { signal }: TaskContext) => {
          ring.write(new Float32Array(100));
          if (++begins > 1) return;
          signal.addEventListener("abort", () => atEnd !== "throw" && act(atEnd));
          act(atBegin);
          while (!signal.aborted) await pause(1);
        };
        stream.setSource(source);
        stream.setSink(refused ? busyRing : () => {});
        for (const word of script) {
          if (word === "pause") await pause(3);
          else if (word === "turn") await Promise.resolve();
          else call(word);
        }
        pending.push(["close", handled(stream.close())]);
        for (let i = 0; i < pending.length; i++) await settled(pending[i][1], `${pending[i][0]}() (call ${i + 1})`);
        assert.equal(stream.closed, true);
        assert.equal(stream.active, false);
        await settled(other.close(), "close() of the other stream");
        busyRing.close();
      }),
      { numRuns },
    );
    while (native().ps_handle_count() > before) await pause(5); // rings of sources that have not returned yet
  });

  it("do not reach a run that was started meanwhile", async () => {
    const ring = new RingBuffer(4, 1 << 16);
    const other = new DuplexStream(virtual("realtime", { channels: 1 }));
    other.setSink(ring, { onOverflow: "drop" });
    await other.start();
    const stream = new DuplexStream(virtual("realtime", { channels: 1 }));
    let second: Promise<void> | undefined;
    stream.setSource(async (_stream, ring, { signal }) => {
      ring.write(new Float32Array(100));
      signal.addEventListener("abort", () => {
        stream.setSource(new Float32Array(480000));
        stream.setSink(new Float32Array(480000));
        second = stream.start();
      });
      while (!signal.aborted) await pause(1);
    });
    stream.setSink(ring);
    await assert.rejects(stream.start(), { name: "PastreamError", code: "busy" });
    await settled(second!, "the second start()");
    assert.equal(stream.active, true);
    for (const end of ["stop", "abort", "close"] as const) {
      assert.equal(await settled(stream[end](), `${end}()`), undefined, end);
      assert.equal(stream.active, false);
    }
    await other.close();
    ring.close();
  });

  it("end a start that waits for a worker", async () => {
    for (const end of ["stop", "abort", "close", "signal"] as const) {
      const control = new AbortController();
      const stream = new DuplexStream(virtual("realtime", { channels: 1, signal: control.signal }));
      stream.setSink({ worker: new URL("../workers/never-loaded.ts", import.meta.url) });
      const start = handled(stream.start());
      await pause(20);
      if (end === "signal") control.abort();
      else assert.equal(await settled(stream[end](), `${end}()`), undefined);
      await settled(start, `start(), ended by ${end}`);
      assert.equal(stream.active, false);
      assert.equal(stream.stopped, end === "stop");
      await settled(stream.close(), "close()");
    }
  });
});
