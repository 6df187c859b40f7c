// A program that starts a stream and does nothing more. Usage: keep-alive.ts [unref | fail | worker]
import process from "node:process";
import { OutputStream } from "../../mod.ts";

const [how] = process.argv.slice(2);
const stream = new OutputStream({ device: "virtual", channels: 1 });
if (how === "fail") {
  stream.setSource(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error("nobody listens");
  });
}
if (how === "worker") stream.setSource({ worker: new URL("../workers/tone.ts", import.meta.url) });
if (how === "unref") stream.unref();
await stream.start({ frames: 24000, pad: -1, prebuffer: false });
process.on(
  "exit",
  () => console.log(stream.aborted ? "aborted" : stream.frameCount === 24000 ? "played" : "cut short"),
);
if (how === "worker") setTimeout(() => stream.unref(), 100);
