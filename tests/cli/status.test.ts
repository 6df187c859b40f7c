import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bar, decibelText, PeakHold } from "../../cli/report/levels.ts";
import { analyseLoopback, testSound } from "../../cli/doctor/loopback.ts";
import { RotationNames } from "../../cli/stream/rotation.ts";
import { clock, statusLine } from "../../cli/report/status-line.ts";
import { strftime } from "../../cli/stream/strftime.ts";

describe("the status line", () => {
  const status = {
    elapsed: 62.35,
    total: 600,
    meters: [{ level: 0.1, held: 0.5 }, { level: 0, held: 0 }],
    xruns: 1,
    load: 0.0123,
  };

  it("shows time, xruns, load and a meter for each channel", () => {
    const line = statusLine(status, 100);
    assert.match(line, /^00:01:02\.3 \/ 00:10:00\.0 {2}1 xrun {2}1\.2% load {2}\[=+ +\| +\] +-6\.0 \[ +\] +-inf dB$/);
    assert.match(statusLine({ ...status, total: undefined, xruns: 2 }, 100), /^00:01:02\.3 {2}2 xruns /);
  });

  it("is never wider than asked for, and has no control characters", () => {
    const level = fc.double({ min: 0, max: 4, noNaN: true });
    const meters = fc.array(fc.record({ level, held: level }), { maxLength: 64 });
    fc.assert(fc.property(meters, fc.nat(300), fc.nat(1e7), (meters, columns, elapsed) => {
      const line = statusLine({ ...status, meters, elapsed }, columns);
      assert.ok(line.length <= columns, `${line.length} > ${columns}`);
      assert.match(line, /^[ -~]*$/);
    }));
  });

  it("shows figures alone where there is no room for bars", () => {
    const meters = Array.from({ length: 8 }, () => ({ level: 0.1, held: 0.1 }));
    assert.ok(!statusLine({ ...status, meters }, 120).includes("["));
    assert.ok(statusLine({ ...status, meters }, 120).endsWith("-20.0 dB"));
  });

  it("writes times and levels", () => {
    assert.equal(clock(0), "00:00:00.0");
    assert.equal(clock(59.99), "00:00:59.9");
    assert.equal(clock(3600 * 123 + 61.5), "123:01:01.5");
    assert.equal(decibelText(1), "  0.0");
    assert.equal(decibelText(0.999), "  0.0");
    assert.equal(decibelText(0), " -inf");
    assert.equal(decibelText(2), "  6.0");
    assert.equal(bar({ level: 1, held: 1 }, 10), "[=========|]");
    assert.equal(bar({ level: 1.5, held: 1.5 }, 10), "[=========!]");
    assert.equal(bar({ level: 0.001, held: 0.001 }, 10), "[          ]");
    assert.equal(bar({ level: 10 ** (-30 / 20), held: 1 }, 10), "[=====    |]");
  });

  it("holds peaks for a while", () => {
    const hold = new PeakHold();
    const held = (level: number, now: number) => hold.update([level], now)[0].held;
    assert.equal(held(0.9, 0), 0.9);
    assert.equal(held(0.1, 1), 0.9);
    assert.equal(held(0.1, 1.6), 0.1);
    assert.equal(held(0.5, 1.7), 0.5);
    assert.equal(held(0.2, 3), 0.5);
  });
});

describe("names of rotated files", () => {
  const date = new Date(2026, 0, 5, 15, 4, 9);

  it("have the time filled in", () => {
    assert.equal(strftime("a-%Y%m%d-%H%M%S.wav", date), "a-20260105-150409.wav");
    assert.equal(
      strftime("%y %j %a %A %b %B %I%p %e %F %T %R %D %u %w %V %G %%", date),
      "26 005 Mon Monday Jan January 03PM  5 2026-01-05 15:04:09 15:04 01/05/26 1 1 02 2026 %",
    );
    assert.equal(strftime("%Q 100%", date), "%Q 100%");
    assert.equal(strftime("%G-%V", new Date(2021, 0, 1)), "2020-53");
    assert.equal(strftime("%G-%V", new Date(2024, 11, 30)), "2025-01");
    assert.match(strftime("%z", date), /^[-+]\d{4}$/);
    assert.equal(strftime("%s", date), String(Math.floor(date.getTime() / 1000)));
  });

  it("are all different", () => {
    const plain = new RotationNames("dir.d/rec.wav");
    assert.deepEqual([plain.next(date), plain.next(date)], ["dir.d/rec-001.wav", "dir.d/rec-002.wav"]);
    const timed = new RotationNames("rec-%H.wav");
    assert.deepEqual([timed.next(date), timed.next(date), timed.next(new Date(2026, 0, 5, 16))], [
      "rec-15.wav",
      "rec-15-001.wav",
      "rec-16.wav",
    ]);
    assert.equal(new RotationNames("dir.d/rec").next(date), "dir.d/rec-001");
    assert.equal(new RotationNames(".hidden").next(date), ".hidden-001");
  });

  it("leave names alone that are taken", () => {
    const names = new RotationNames("rec.wav", (name) => name === "rec-001.wav");
    assert.equal(names.next(date), "rec-002.wav");
  });
});

describe("the analysis of a loopback run", () => {
  const played = testSound(48000, 2);
  const total = 60000 * 2;
  /** What comes in `delay` frames later, after something has been done to it. */
  const recording = (delay: number, edit: (samples: number[]) => void = () => {}) => {
    const samples = [...new Array<number>(delay * 2).fill(0), ...played];
    edit(samples);
    return Float32Array.from({ length: total }, (_, index) => samples[index] ?? 0);
  };
  const perfect = { soundCameBack: true, lostFrames: 0, addedFrames: 0, bitExact: true, largestDifference: 0 };

  it("finds the delay of a perfect loop, to the frame", () => {
    for (const delay of [0, 1, 256, 5000]) {
      assert.deepEqual(analyseLoopback(played, 2, recording(delay), 2), { ...perfect, latencyFrames: delay });
    }
  });

  it("counts frames that were lost or added", () => {
    const lost = analyseLoopback(played, 2, recording(300, (samples) => samples.splice(30000, 2 * 123)), 2);
    assert.deepEqual([lost.latencyFrames, lost.lostFrames, lost.addedFrames, lost.bitExact], [300, 123, 0, false]);
    const added = analyseLoopback(
      played,
      2,
      recording(300, (samples) => samples.splice(30000, 0, ...new Array(2 * 77).fill(0))),
      2,
    );
    assert.deepEqual([added.latencyFrames, added.lostFrames, added.addedFrames, added.bitExact], [300, 0, 77, false]);
  });

  it("knows a quiet, noisy cable with one channel from a perfect loop", () => {
    const mono = recording(40).filter((_, index) => index % 2 === 0).map((sample) =>
      sample * 0.3 + (Math.random() - 0.5) * 0.01
    );
    const result = analyseLoopback(played, 2, mono, 1);
    assert.deepEqual([result.soundCameBack, result.latencyFrames, result.bitExact], [true, 40, false]);
  });

  it("sees one wrong bit", () => {
    const result = analyseLoopback(played, 2, recording(10, (samples) => void (samples[40001] += 2 ** -24)), 2);
    assert.deepEqual([result.soundCameBack, result.bitExact, result.lostFrames], [true, false, 0]);
  });

  it("finds nothing in silence or in other noise", () => {
    assert.equal(analyseLoopback(played, 2, new Float32Array(total), 2).soundCameBack, false);
    const noise = Float32Array.from({ length: total }, () => Math.random() - 0.5);
    assert.equal(analyseLoopback(played, 2, noise, 2).soundCameBack, false);
  });
});
