import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { SoundFile } from "../../mod.ts";
import { takeNativeCalls, total } from "../helpers/native-calls.ts";
import { commandFor } from "../helpers/runtime.ts";
import { full, newFolder } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);

const CHANNELS = 2;
/** A file whose frame i is [i, -i]. */
function numbered(frames: number): SoundFile {
  using file = SoundFile.inMemory({ format: "WAV", sampleRate: 8000, channels: CHANNELS });
  file.write(Int16Array.from({ length: frames * CHANNELS }, (_, i) => (i % 2 ? -1 : 1) * (i >> 1)));
  file.close();
  return new SoundFile(file.bytes());
}

/** What blocks should have: the first channel's samples, by a plain rule. */
function expected(
  total: number,
  { start, size, overlap, frames, fill }: {
    start: number;
    size: number;
    overlap: number;
    frames: number;
    fill?: number;
  },
): number[][] {
  const there = total - start;
  const wanted = frames < 0 || (fill === undefined && frames > there) ? there : frames;
  const at = (i: number) => (i < there ? start + i : fill!);
  const blocks: number[][] = [];
  for (let from = 0; from + (blocks.length > 0 ? overlap : 0) < wanted || (blocks.length === 0 && wanted > 0);) {
    const whole = Array.from({ length: size }, (_, i) => from + i);
    blocks.push(
      fill === undefined ? whole.filter((i) => i < wanted).map(at) : whole.map((i) => (i < wanted ? at(i) : fill)),
    );
    from += size - overlap;
  }
  return blocks;
}

describe("blocks", () => {
  it("are what the frames of the file say", () => {
    fc.assert(
      fc.property(
        fc.record({
          total: fc.integer({ min: 0, max: 300 }),
          start: fc.nat(300),
          size: fc.integer({ min: 1, max: 120 }),
          overlap: fc.nat(119),
          frames: fc.integer({ min: -1, max: 400 }),
          fill: fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined }),
          own: fc.boolean(),
        }),
        ({ total, start, size, overlap, frames, fill, own }) => {
          fc.pre(start <= total && overlap < size);
          using file = numbered(total);
          file.seek(start);
          const out = own ? new Int16Array(size * CHANNELS) : undefined;
          const given = { overlap, frames, dtype: "int16" as const, fillValue: fill };
          const blocks = file.blocks(out ? { ...given, out } : { ...given, blockSize: size });
          const seen: number[][] = [];
          for (const block of blocks) {
            assert.equal(block.buffer === out?.buffer, own);
            seen.push(Array.from({ length: block.length / CHANNELS }, (_, i) => block[i * CHANNELS]));
          }
          assert.deepEqual(seen, expected(total, { start, size, overlap, frames, fill }));
        },
      ),
      { numRuns: full ? 5000 : 500 },
    );
  });

  it("are new memory each time, unless out is given", () => {
    using file = numbered(10);
    const [first, second] = file.blocks({ blockSize: 5, dtype: "int16" });
    assert.notEqual(first.buffer, second.buffer);
    assert.deepEqual([first[0], second[0]], [0, 5]);
  });

  it("into out are out itself, or the part of it that is filled", () => {
    using file = numbered(20);
    const out = new Int16Array(16);
    const blocks = [...file.blocks({ dtype: "int16", out })].map((
      { buffer, length },
    ) => [buffer === out.buffer, length]);
    assert.deepEqual(blocks, [[true, 16], [true, 16], [true, 8]]);
  });

  it("into out are an error once its memory is taken away", () => {
    using file = numbered(20);
    const out = new Int16Array(16);
    const blocks = file.blocks({ dtype: "int16", out });
    blocks.next();
    structuredClone(out.buffer, { transfer: [out.buffer] });
    assert.throws(() => blocks.next(), /out must stay as long as it is/);
  });

  it("cost one native call each", () => {
    using file = numbered(1000);
    takeNativeCalls();
    const blocks = [...file.blocks({ dtype: "int16", out: new Int16Array(20) })].length;
    const count = total(takeNativeCalls());
    assert.equal(blocks, 100);
    assert.ok(count <= blocks + 4, `${count} calls for ${blocks} blocks`);
    assert.ok(count >= blocks);
  });

  it("need a size, and an overlap that is smaller", () => {
    using file = numbered(10);
    assert.throws(() => file.blocks(), /blockSize must be given, or out/);
    assert.throws(() => file.blocks({ blockSize: 0 }), RangeError);
    assert.throws(() => file.blocks({ blockSize: 5, overlap: 5 }), RangeError);
    assert.throws(() => file.blocks({ blockSize: 5, overlap: -1 }), RangeError);
    assert.throws(() => file.blocks({ blockSize: 5, frames: 1.5 }), RangeError);
    assert.throws(() => file.blocks({ blockSize: 5, out: new Int16Array(8) }), RangeError);
    assert.throws(() => file.blocks({ blockSize: 5, dtype: "text" as "int16" }), /dtype/);
  });

  it("are not of a file that is only written, nor in memory for no frame", () => {
    using file = SoundFile.inMemory({ format: "WAV", sampleRate: 8000, channels: CHANNELS });
    assert.throws(() => file.blocks({ blockSize: 5 }), /not open for reading/);
    using read = numbered(10);
    assert.throws(() => read.blocks({ out: new Int16Array(0) }), /out must have room for a frame/);
  });

  it("can be left early, and gone on with", () => {
    using file = numbered(100);
    for (const block of file.blocks({ blockSize: 30 })) if (block[0] === 0) break;
    assert.equal(file.tell(), 30);
    assert.equal([...file.blocks({ blockSize: 30 })].length, 3);
  });

  it("end with the file's end, when it is closed meanwhile, by the error", () => {
    const file = numbered(100);
    const blocks = file.blocks({ blockSize: 30 });
    blocks.next();
    file.close();
    assert.throws(() => blocks.next(), /closed/);
  });

  it("come from a pipe whose length is not known", async () => {
    using file = SoundFile.inMemory({ format: "AU", sampleRate: 8000, channels: 1, subtype: "PCM_16" });
    file.write(Int16Array.from({ length: 1000 }, (_, i) => i));
    file.close();
    // The test's own descriptor 0 is not to be used: a child reads.
    const script = folder.path("reads.ts");
    writeFileSync(
      script,
      `import { SoundFile } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
       const file = new SoundFile(0);
       const lengths = [];
       for (const block of file.blocks({ blockSize: 300, fillValue: 7, dtype: "int16" })) {
        lengths.push([block.length, block.at(-1)]);
      }
       console.log(JSON.stringify([file.frames, file.seekable, file.tell(), lengths]));`,
    );
    const [program, ...args] = commandFor(script);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(file.bytes());
    let text = "";
    for await (const part of child.stdout) text += part;
    assert.deepEqual(JSON.parse(text), [-1, false, 1000, [[300, 299], [300, 599], [300, 899], [300, 7]]]);
  });
});
