// The parts of the live view: the spectrum, the reduction, what is sent, and the arithmetic of the page.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EventStream } from "../../cli/scope/event-stream.ts";
import { decibelByte, Fft } from "../../cli/scope/fft.ts";
import { encodePacket } from "../../cli/scope/packet.ts";
import { Reducer, resolutionOf } from "../../cli/scope/reducer.ts";
import { Session } from "../../cli/scope/session.ts";
import { History } from "../../cli/scope/page/history.js";
import { decodePacket } from "../../cli/scope/page/packet.js";
import { binEdges, decibelsOf, frequencyScale, largest, peakOf } from "../../cli/scope/page/scale.ts";

const sine = (frames: number, perFrame: number, amplitude = 1) =>
  Float32Array.from({ length: frames }, (_, i) => amplitude * Math.sin(2 * Math.PI * perFrame * i));

describe("the FFT of the view", () => {
  it("is the discrete Fourier transform of the windowed samples", () => {
    const size = 64;
    const samples = Float32Array.from({ length: size }, (_, i) => Math.sin(i * i) + 0.3);
    const power = new Float64Array(size / 2);
    const start = 11; // in a circular buffer
    new Fft(size).power(samples, start, power);
    for (let bin = 0; bin < size / 2; bin++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i++) {
        const windowed = samples[(start + i) % size] * (2 - 2 * Math.cos(2 * Math.PI * i / size)) / size;
        re += windowed * Math.cos(2 * Math.PI * bin * i / size);
        im -= windowed * Math.sin(2 * Math.PI * bin * i / size);
      }
      assert.ok(Math.abs(power[bin] - (re * re + im * im)) < 1e-12, `bin ${bin}`);
    }
  });

  it("gives a sine of full scale 0 dB, and one of a tenth -20 dB", () => {
    const size = 1024;
    const power = new Float64Array(size / 2);
    for (const [amplitude, decibels] of [[1, 0], [0.1, -20]]) {
      new Fft(size).power(sine(size, 100 / size, amplitude), 0, power);
      assert.equal(decibelsOf(decibelByte(power[100])), decibels);
    }
    assert.deepEqual([0, NaN, Infinity].map(decibelByte), [0, 0, 255]);
  });
});

describe("the reduction of the view", () => {
  const choice = { channel: 0, fftSize: 512 } as const;

  it("has some hundred columns a second, and whole ones in a row, at every rate", () => {
    for (const rate of [1000, 8000, 44100, 48000, 96000, 192000, 768000]) {
      const { columnFrames, rowFrames } = resolutionOf(rate);
      assert.equal(rowFrames % columnFrames, 0);
      assert.ok(rate / columnFrames >= 500 && rate / columnFrames <= 1100, `${rate} Hz: ${columnFrames} frames`);
    }
  });

  it("keeps the smallest and the largest sample of each channel, however the sound is cut into chunks", () => {
    const samples = fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 4000, maxLength: 4000 });
    const cuts = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(samples, cuts, (samples, cuts) => {
        const channels = 2;
        const reducer = new Reducer(channels, 8000, choice);
        const { columnFrames, rowFrames } = reducer.resolution;
        for (let at = 0, n = 0; at < samples.length; n++) {
          const frames = Math.max(1, cuts[n % cuts.length]);
          reducer.push(samples.subarray(at, at += frames * channels));
        }
        const { frame, columns, rows, bins } = reducer.take()!;
        const frames = samples.length / channels;
        assert.deepEqual([frame, bins, rows.length], [0, 256, 256 * Math.floor(frames / rowFrames)]);
        const count = Math.floor(frames / columnFrames);
        const expected = Array.from({ length: count * channels }, (_, i) => {
          const [column, channel] = [Math.floor(i / channels), i % channels];
          const part = Array.from(
            { length: columnFrames },
            (_, n) => samples[(column * columnFrames + n) * channels + channel],
          );
          return [Math.min(...part), Math.max(...part)].map((value) => Math.round(value * 32767));
        }).flat();
        assert.deepEqual([...columns], expected.map((value) => value + 0));
        assert.equal(reducer.take(), undefined);
      }),
      { numRuns: 20 },
    );
  });

  it("counts on while no page is open", () => {
    const reducer = new Reducer(1, 8000, choice);
    const { columnFrames } = reducer.resolution;
    reducer.push(new Float32Array(5 * columnFrames + 3));
    reducer.skip(1000);
    reducer.push(new Float32Array(columnFrames));
    const { frame, columns } = reducer.take()!;
    assert.deepEqual([frame, columns.length], [5 * columnFrames + 3 + 1000, 2]);
    assert.equal(reducer.take(), undefined);
  });

  it("has the spectrum of one channel, or of the mean of all", () => {
    const rate = 48000;
    const bin = (hertz: number) => Math.round(hertz / rate * 512);
    const [left, right] = [sine(rate, 3000 / rate, 0.5), sine(rate, 9000 / rate, 0.5)];
    const samples = Float32Array.from({ length: 2 * rate }, (_, i) => (i % 2 ? right : left)[i >> 1]);
    const loudest = (channel: number) => {
      const reducer = new Reducer(2, rate, { channel, fftSize: 512 });
      reducer.push(samples);
      const row = reducer.take()!.rows.subarray(-256);
      return [bin(3000), bin(9000)].map((bin) => decibelsOf(row[bin]));
    };
    assert.deepEqual(loudest(1).map((level) => level > -60), [true, false]);
    assert.deepEqual(loudest(2).map((level) => level > -60), [false, true]);
    assert.deepEqual(loudest(0), [-12, -12]);
  });

  it("says nothing of samples that are no numbers, and clips those beyond full scale", () => {
    const reducer = new Reducer(1, 1000, choice);
    const { columnFrames } = reducer.resolution;
    reducer.push(new Float32Array(columnFrames).fill(NaN));
    reducer.push(new Float32Array(columnFrames).fill(-3));
    assert.deepEqual([...reducer.take()!.columns], [0, 0, -32767, -32767]);
  });
});

describe("what is sent to the page", () => {
  it("is there what it was here", () => {
    const reduced = {
      frame: 2 ** 40 + 1,
      channels: 2,
      columns: Int16Array.of(-32767, 1, 2, 3, -4, 5, 6, 32767),
      rows: Uint8Array.of(1, 2, 3, 4, 5, 255),
      bins: 3,
    };
    const levels = { input: [{ peak: 0.5, rms: 0.25 }, { peak: 2, rms: 1 }], output: [{ peak: 0.125, rms: 0 }] };
    const base64 = btoa(String.fromCharCode(...encodePacket(reduced, levels)));
    const { frame, columns, rows, bins, inputs, outputs } = decodePacket(base64);
    assert.deepEqual({ frame, bins }, { frame: reduced.frame, bins: 3 });
    assert.deepEqual([...columns], [...reduced.columns]);
    assert.deepEqual([...rows], [...reduced.rows]);
    assert.deepEqual([inputs, outputs], [levels.input, levels.output]);
  });

  it("waits for a page that does not read, and goes on when it does", async () => {
    const session = new Session({ device: "virtual" });
    const stream = new EventStream(session);
    const server = createServer((_request, response: ServerResponse) => stream.add(response, {}));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const page = connect((server.address() as AddressInfo).port, "127.0.0.1");
    page.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(page, "readable"); // it has answered, and is not read
    const reduced = {
      frame: 0,
      channels: 1,
      columns: new Int16Array(2),
      rows: new Uint8Array(2 ** 16),
      bins: 2 ** 15,
    };
    const levels = { input: [], output: [] };
    const packets = 1000;
    for (let i = 0; i < packets; i++) {
      stream.packet(reduced, levels);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let received = 0;
    page.on("data", (data) => void (received += data.length));
    const before = () => received < packets * 2 ** 16 * 4 / 3 / 2;
    while (received === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // When it has read everything, packets come again.
    for (let last = -1; last !== received;) {
      last = received;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(before(), `${received} bytes were kept for it`);
    const known = received;
    while (received < known + 2 ** 16) {
      stream.packet(reduced, levels);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await stream.close();
    page.destroy();
    await session.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("the arithmetic of the page", () => {
  it("finds the loudest frequency between the bins", () => {
    const size = 2048;
    const power = new Float64Array(size / 2);
    for (const hertz of [440, 1000, 1010, 15000]) {
      new Fft(size).power(sine(size, hertz / 48000, 0.25), 0, power);
      const peak = peakOf(Uint8Array.from(power, decibelByte), 48000);
      assert.ok(Math.abs(peak.hertz - hertz) < 48000 / size / 4, `${hertz} Hz: ${peak.hertz}`);
      assert.ok(Math.abs(peak.decibels + 12) < 1.5, `${hertz} Hz: ${peak.decibels} dB`);
    }
  });

  it("does not take an offset for the loudest frequency", () => {
    const size = 2048;
    const power = new Float64Array(size / 2);
    for (const hertz of [100, 1000]) {
      const samples = sine(size, hertz / 48000, 0.1).map((sample) => sample + 0.5);
      new Fft(size).power(samples, 0, power);
      const peak = peakOf(Uint8Array.from(power, decibelByte), 48000);
      assert.ok(Math.abs(peak.hertz - hertz) <= 48000 / size, `${hertz} Hz: ${peak.hertz}`);
    }
    const { hertz } = peakOf(Uint8Array.of(255, 250, 100, 20, 10, 0, 0, 0), 16000); // nothing but the offset
    assert.equal(hertz, 2000);
  });

  it("has places for frequencies, and back", () => {
    for (const kind of ["log", "linear"] as const) {
      const scale = frequencyScale(kind, 48000);
      assert.equal(Math.round(scale.hertz(1)), 24000);
      for (const hertz of [20, 1000, 23000]) assert.ok(Math.abs(scale.hertz(scale.place(hertz)) - hertz) < 1e-6);
    }
  });

  it("shows every bin, however few pixels there are, and lines between bins where there are many", () => {
    const bins = 1024;
    for (const pixels of [7, 100, 3000]) {
      for (const kind of ["log", "linear"] as const) {
        const edges = binEdges(frequencyScale(kind, 48000), pixels, bins, 48000);
        const row = new Uint8Array(bins);
        for (const loud of [1, 500, 1000]) {
          row.fill(0)[loud] = 200;
          const values = Array.from({ length: pixels }, (_, i) => largest(row, 0, edges[i], edges[i + 1]));
          assert.ok(Math.max(...values) > 100, `${kind}, ${pixels} pixels, bin ${loud}`);
        }
      }
    }
  });

  it("keeps the last of what came, and a gap for what did not", () => {
    const history = new History(Uint8Array, 2, 3);
    history.push(Uint8Array.of(1, 2, 3, 4));
    history.skip(1);
    history.push(Uint8Array.of(5, 6));
    const entry = (n: number) => [...history.data.subarray(history.at(n), history.at(n) + 2)];
    assert.deepEqual([0, 1, 2, 3, 4].map((n) => history.has(n)), [false, true, true, true, false]);
    assert.deepEqual([entry(1), entry(2), entry(3)], [[3, 4], [0, 0], [5, 6]]);
    history.skip(1e9); // bounded
    assert.deepEqual([history.total, entry(history.total - 1)], [1e9 + 4, [0, 0]]);
  });
});
