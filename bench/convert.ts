// A sound file from one to another through a stream, by the virtual device without a clock, against sox, which does the
// same without a device: processor time, with the two taking turns. What sox takes includes its start, 5 ms.
// Usage: deno run -A bench/convert.ts, bun bench/convert.ts, or node bench/convert.ts; [minutes of sound] [rounds]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DuplexStream, SoundFile } from "../mod.ts";
import { costOf, printTable, readNumbers } from "./lib/measure.ts";
import { CHANNELS, SAMPLE_RATE, writeSound } from "./lib/sound.ts";

const [minutes, rounds] = readNumbers(import.meta, 10, 5);
const folder = mkdtempSync(join(tmpdir(), "pastream-bench-"));

async function through(from: string, to: string, dtype: "float32" | "int16"): Promise<void> {
  const options = { sampleRate: SAMPLE_RATE, channels: CHANNELS };
  const hostSettings = { hostApi: "virtual", clock: "freewheel" } as const;
  using sink = new SoundFile(to, "w", { ...options, subtype: "PCM_16" });
  await using stream = new DuplexStream({ ...options, dtype, device: "virtual", hostSettings });
  stream.setSource(from);
  stream.setSink(sink);
  await stream.start();
  await stream.wait();
}

/** Milliseconds of processor time that sox takes; undefined where there is none. */
function bySox(from: string, to: string): number | undefined {
  const words = ["-c", 'TIMEFORMAT="%U %S"; time sox -D "$0" "$1"', from, to];
  const { status, stderr } = spawnSync("bash", words, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  const times = /([\d.]+) ([\d.]+)\s*$/.exec(stderr ?? "");
  return status === 0 && times ? 1000 * (Number(times[1]) + Number(times[2])) : undefined;
}

try {
  const rows: (string | number)[][] = [];
  for (const format of ["wav", "flac"]) {
    const [from, to] = [join(folder, `from.${format}`), join(folder, `to.${format}`)];
    writeSound(from, minutes);
    for (const dtype of ["int16", "float32"] as const) {
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let round = 0; round <= rounds; round++) {
        const { used } = await costOf(() => through(from, to, dtype));
        const sox = bySox(from, to);
        if (round === 0) continue;
        ours.push(used);
        if (sox !== undefined) theirs.push(sox);
      }
      const [own, sox] = [Math.min(...ours), Math.min(...theirs)];
      const others = theirs.length > 0 ? [sox.toFixed(0), (own / sox).toFixed(2)] : ["no sox", ""];
      const name = `${format.toUpperCase()} to ${format.toUpperCase()}, a stream of ${dtype}`;
      rows.push([name, own.toFixed(0), ...others, format === "wav" ? 1.1 : 0.75]);
    }
  }
  printTable(`${minutes} minutes of 48 kHz stereo`, ["CPU ms", "of sox", "ratio", "target"], rows);
} finally {
  rmSync(folder, { recursive: true });
}
