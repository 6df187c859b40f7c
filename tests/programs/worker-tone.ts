// Plays what a worker makes.
import { OutputStream } from "../../mod.ts";

const hostSettings = { hostApi: "virtual", clock: "freewheel" } as const;
await using stream = new OutputStream({ device: "virtual", channels: 1, dtype: "int16", hostSettings });
await stream.play({ worker: new URL("../workers/generator.ts", import.meta.url) }, { frames: 4800, pad: -1 });
console.log(`${stream.frameCount} frames, ${stream.xruns} gaps`);
