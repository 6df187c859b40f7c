/** Plays a sound file from the web while it arrives: WAV, FLAC, Ogg, MP3, … Usage: play-stream.ts URL [device] */
import process from "node:process";
import { play, SoundFile } from "pastream";

const [url, device] = process.argv.slice(2);

const file = await SoundFile.fromStream(await fetch(url));
console.log(`Playing ${file.format}, ${file.channels} channels, ${file.sampleRate} Hz …`);
await play(file, { device });
file.close();
