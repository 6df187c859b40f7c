/**
 * Microphone and loudspeaker of a voice agent, in one stream: sends the microphone to a WebSocket server at 16 kHz, and
 * plays what comes back at 24 kHz, both as mono of 16 bits. When the server sends the text "clear", since somebody has
 * begun to speak, the agent falls silent in mid-sentence, and the server is told how much of it was heard. Usage:
 * voice-agent.ts URL [device [seconds]]; without seconds it ends with Ctrl-C, or with the server.
 */
import process from "node:process";
import { DuplexStream } from "pastream";

const [url = "ws://127.0.0.1:8080", device, seconds = "-1"] = process.argv.slice(2);

await using stream = await DuplexStream.open({ device, sampleRate: 24000, channels: 1, dtype: "int16" });
process.on("SIGINT", () => stream.stop());
const loudspeaker = stream.writable().getWriter();
loudspeaker.closed.catch(() => {}); // the end of the stream is told by the loop below

const socket = new WebSocket(url);
socket.binaryType = "arraybuffer";
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error(`cannot connect to ${url}`));
});
socket.onclose = () => stream.stop();
socket.onmessage = async ({ data }) => {
  if (data instanceof ArrayBuffer) {
    loudspeaker.write(new Int16Array(data)).catch(() => {}); // as fast as it comes: the queue is what clear() drops
  } else if (data === "clear") {
    const { heard, dropped } = await stream.clear(); // the microphone notices nothing
    socket.send(JSON.stringify({ heard, dropped }));
  }
};

const frames = Math.round(Number(seconds) * stream.sampleRate);
for await (const chunk of stream.chunks({ sampleRate: 16000, chunkSize: 320, frames })) {
  if (socket.readyState !== WebSocket.OPEN) break;
  socket.send(chunk.slice()); // a copy: the chunk's memory is filled again
}
socket.onclose = null;
socket.close();
console.log(`Heard ${(stream.heard / stream.sampleRate).toFixed(2)} s of the agent.`);
