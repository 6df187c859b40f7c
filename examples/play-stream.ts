/** Plays a sound file from the web: WAV, FLAC, Ogg, MP3, … Usage: play-stream.ts URL [device] */
import process from "node:process";
import { play, SoundFile } from "pastream";

const [url, device] = process.argv.slice(2);

const response = await fetch(url);
if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
const file = new SoundFile(new Uint8Array(await response.arrayBuffer()));
console.log(`Playing ${file.format}, ${file.channels} channels, ${file.sampleRate} Hz …`);
await play(file, { device });
file.close();
