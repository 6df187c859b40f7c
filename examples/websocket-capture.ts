/**
 * Sends the microphone to a WebSocket server as speech recognition wants it: 16 kHz, mono, 16 bits, 20 ms a message.
 * Usage: websocket-capture.ts URL [device [seconds [file to play meanwhile]]]; without seconds it ends with Ctrl-C.
 */
import process from "node:process";
import { chunks } from "pastream";

const [url = "ws://127.0.0.1:8080", device, seconds = "-1", playback] = process.argv.slice(2);
const sampleRate = 16000;

const socket = new WebSocket(url);
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error(`cannot connect to ${url}`));
});
let sent = 0;
const options = { device, sampleRate, channels: 1, dtype: "int16", chunkSize: sampleRate / 50 } as const;
const frames = Math.round(Number(seconds) * sampleRate);
for await (const chunk of chunks({ ...options, frames, pad: -1, ...(playback && { playback }) })) {
  if (socket.readyState !== WebSocket.OPEN) break; // the server has had enough
  socket.send(chunk.slice()); // a copy: the chunk's memory is filled again
  sent += chunk.length;
}
socket.close();
console.log(`Sent ${sent} frames.`);
