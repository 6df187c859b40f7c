/**
 * A metronome: a generator makes each beat when it is needed, and every click stands exactly on its frame.
 * Usage: metronome.ts [device [beats per minute [beats]]]
 */
import process from "node:process";
import { play } from "pastream";

const [device, tempo = "120", beats = "16"] = process.argv.slice(2);
const sampleRate = 48000;
const frameOf = (beat: number) => Math.round(beat * 60 / Number(tempo) * sampleRate);

/** A short sine that fades out; higher on the first of four. */
function click(hertz: number): Float32Array<ArrayBuffer> {
  const length = 0.03 * sampleRate;
  return Float32Array.from(
    { length },
    (_, i) => 0.5 * Math.sin(2 * Math.PI * hertz * i / sampleRate) * (1 - i / length),
  );
}

function* bars(): Generator<Float32Array<ArrayBuffer>> {
  for (let beat = 0; beat < Number(beats); beat++) {
    const samples = new Float32Array(frameOf(beat + 1) - frameOf(beat));
    samples.set(click(beat % 4 === 0 ? 1600 : 1000));
    yield samples;
  }
}

await play(bars, { device, sampleRate });
console.log(`Played ${beats} beats at ${tempo} a minute.`);
