// Streams that are opened, used and closed leave nothing behind.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import { DuplexStream, InputStream, OutputStream, writeFile } from "../../mod.ts";
import { collectGarbage } from "../helpers/collect.ts";
import { full, pause, virtual } from "../helpers/streams.ts";

const rounds = full ? 1000 : 100;
const fast = virtual("freewheel", { channels: 2, blockSize: 64 });
const noProc = process.platform !== "linux" && "needs /proc";

/** The library's own threads but the one that wakes others, which stays. */
function threads(): string[] {
  const names = readdirSync("/proc/self/task").map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim();
    } catch {
      return ""; // it has ended meanwhile
    }
  });
  return names.filter((name) => name.startsWith("ps-") && name !== "ps-waker");
}

const counts = () => ({ handles: native().ps_handle_count(), descriptors: readdirSync("/proc/self/fd").length });

/** Fails unless no more is open than before. A native thread gives back what it has opened a moment after the call. */
async function assertNoMore(before: ReturnType<typeof counts>): Promise<void> {
  const isMore = () => counts().handles !== before.handles || counts().descriptors > before.descriptors;
  for (let i = 0; i < 500 && isMore(); i++) await pause(10);
  if (isMore()) assert.deepEqual(counts(), before);
}

describe("streams that are opened and closed", () => {
  let folder = "";
  let path = "";
  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), "pastream-"));
    path = joinPath(folder, "short.wav");
    await writeFile(path, new Float32Array(200), { sampleRate: 48000, channels: 2 });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A stream in all of its uses. */
  async function round(i: number): Promise<void> {
    await using stream = i % 2 === 0 ? new DuplexStream(fast) : await DuplexStream.open(fast);
    const samples = new Float32Array(200);
    await stream.playrec(samples);
    for await (const _ of stream.chunks({ chunkSize: 50, playback: path })) if (i % 3 === 0) break;
    const file = stream.toFile(joinPath(folder, "out.wav"));
    await stream.playrec(function* () {
      yield samples;
    }, { out: file });
    file.close();
    stream.setSink(new Float32Array(200000));
    stream.setSource(async (_stream, _ring, { signal }) => {
      while (!signal.aborted) await pause(1);
    });
    await stream.start({ prebuffer: false });
    if (i % 4 === 0) await stream.stop();
    else if (i % 4 === 1) await stream.abort();
    if (i % 5 === 0) await assert.rejects(() => stream.play(samples, { frames: 101 }).finally(() => {}), Error);
  }

  it("leave no handles, threads, descriptors or memory behind", { skip: noProc }, async () => {
    for (let i = 0; i < 20; i++) await round(i); // until all that is made once has been made
    await collectGarbage();
    const before = counts();
    // A round uses 1.5 MiB of rings. What the runtime itself holds on to varies by tens of MiB, but it does not grow
    // with every hundred rounds, as a leak does.
    let grown = Infinity;
    for (let tries = 0; tries < 3 && grown > 20 + rounds / 20; tries++) {
      const memory = process.memoryUsage().rss;
      for (let i = 0; i < rounds; i++) await round(i);
      for (let i = 0; i < 500 && (threads().length > 0 || counts().handles > before.handles); i++) await pause(10);
      await collectGarbage();
      grown = (process.memoryUsage().rss - memory) / 2 ** 20;
    }
    await assertNoMore(before);
    assert.deepEqual(threads(), []);
    assert.ok(grown <= 20 + rounds / 20, `${grown.toFixed(1)} MiB more after ${rounds} rounds, in each of three tries`);
  });

  it("leave no file open that they could not use", { skip: noProc }, async () => {
    await using stream = new DuplexStream({ ...fast, channels: 1 });
    const other = joinPath(folder, "mono.wav");
    await writeFile(other, new Float32Array(10), { sampleRate: 48000, channels: 1 });
    const three = joinPath(folder, "three.wav");
    await writeFile(three, new Float32Array(30), { sampleRate: 48000, channels: 3 });
    const empty = joinPath(folder, "empty.wav");
    await writeFile(empty, new Float32Array(0), { sampleRate: 48000, channels: 1 });
    const before = counts();
    const refused: (() => Promise<unknown>)[] = [
      () => stream.play(three), // of too many channels
      () => stream.play(empty, { loop: true }),
      () => stream.playrec(other, { offset: 11 }),
      () => stream.playrec(other, { pad: -1 }),
      () => stream.playrec(other, { out: new Int16Array(5) as never }),
      () => stream.record({ out: new Float32Array(5), frames: 6 }),
      () => stream.start({ frames: 5, offset: 6 }),
    ];
    for (const refuse of refused) {
      await assert.rejects(refuse, (error: Error) => /^(Range|Type)Error$/.test(error.name));
    }
    await assertNoMore(before);
    await stream.close();
    assert.equal(native().ps_handle_count(), before.handles - 1);
  });

  it("are closed when they are collected, too", { skip: noProc }, async () => {
    const before = native().ps_handle_count();
    const { signal } = new AbortController(); // which outlives them
    const forget = () => {
      for (let i = 0; i < 20; i++) {
        [new InputStream({ ...fast, signal }), new OutputStream(fast)].map((stream) => stream.channels);
      }
    };
    forget();
    assert.equal(native().ps_handle_count(), before + 40);
    // A conservative collector may keep some of them.
    for (let i = 0; i < 100 && native().ps_handle_count() > before + 4; i++) await collectGarbage();
    assert.ok(native().ps_handle_count() <= before + 4, `${native().ps_handle_count() - before} left`);
  });
});
