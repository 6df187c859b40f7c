// A user's subclass is what its static methods return, and its constructor has run.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DuplexStream, type HostSettings, InputStream, OutputStream, PastreamError, SoundFile } from "../../mod.ts";
import { newFolder } from "../helpers/sounds.ts";
import { virtual } from "../helpers/streams.ts";

const options = virtual("freewheel", { channels: 1 });

class Player extends OutputStream {
  #played = 0;
  async twice(samples: Float32Array): Promise<number> {
    for (let i = 0; i < 2; i++) {
      await this.play(samples);
      this.#played += this.frameCount;
    }
    return this.#played;
  }
}

class Recorder extends InputStream {
  readonly kept = "kept";
}

class Both extends DuplexStream {
  readonly kept = "kept";
}

class Take extends SoundFile {
  #number = 7;
  get number(): number {
    return this.#number;
  }
}

describe("a subclass", () => {
  it("of a stream is what open() and fromFile() return", async (t) => {
    const folder = newFolder();
    t.after(folder.remove);
    const path = folder.path("mono.wav");
    new SoundFile(path, "w", { sampleRate: 48000, channels: 1 }).close();
    const player = await Player.open(options);
    assert.ok(player instanceof Player);
    assert.equal(await player.twice(new Float32Array(100)), 200);
    const { hostSettings } = options as { hostSettings?: HostSettings };
    const others = [
      await Recorder.open(options),
      await Both.open(options),
      Recorder.fromFile(path, { device: "virtual", hostSettings }),
      Both.fromFile(path, { device: "virtual", hostSettings }),
    ];
    for (const [i, stream] of others.entries()) {
      const Class = i % 2 === 0 ? Recorder : Both;
      assert.ok(stream instanceof Class);
      assert.equal(stream.kept, "kept");
      await stream.start();
      await stream.close();
    }
    await player.close();
  });

  it("of a stream whose constructor throws leaves nothing open", async () => {
    class Failing extends OutputStream {
      constructor(given?: typeof options) {
        super(given);
        throw new Error("of my own");
      }
    }
    await assert.rejects(Failing.open(options), /of my own/);
    const stream = await OutputStream.open(options);
    assert.ok(!(stream instanceof Failing));
    await stream.close();
  });

  it("of SoundFile is what open(), fromStream() and inMemory() return", async (t) => {
    const folder = newFolder();
    t.after(folder.remove);
    const written = Take.inMemory({ format: "WAV", subtype: "FLOAT", sampleRate: 48000, channels: 1 });
    written.write(new Float32Array([0.25, 0.5]));
    written.close();
    const arrived = await Take.fromStream(new Blob([written.bytes()]));
    const path = folder.path("take.wav");
    const onDisk = await Take.open(path, "w", { sampleRate: 48000, channels: 1 });
    for (const file of [written, arrived, onDisk]) {
      assert.ok(file instanceof Take);
      assert.equal((file as Take).number, 7);
    }
    assert.deepEqual([...await arrived.readAsync()], [0.25, 0.5]);
    arrived.close();
    onDisk.close();
    assert.equal(Object.getPrototypeOf(await SoundFile.open(path)), SoundFile.prototype);
  });
});

describe("a second writable()", () => {
  it("takes the place of one that was not written to, which says so", async () => {
    await using stream = new OutputStream(options);
    const first = stream.writable().getWriter();
    const second = stream.writable().getWriter();
    first.closed.catch(() => {});
    await assert.rejects(
      first.write(new Float32Array(10)),
      (error) => error instanceof PastreamError && error.code === "closed" && /another source/.test(error.message),
    );
    await second.write(new Float32Array(10));
    await second.close();
    assert.equal(stream.heard, 10);
  });
});
