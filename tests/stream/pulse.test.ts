// What the original was tested for, over PulseAudio and over PipeWire, each with a sink that needs no sound card.
// On one runtime: the devices are opened in C; stream/jack runs the same on all.
import { loopbackOver } from "../helpers/loopback-over.ts";
import { pipewireMissing, pulseMissing, startPipewire, startPulse } from "../helpers/servers.ts";

// Enough for a server that gets no realtime priority on a busy machine.
const options = { latency: 0.1 };
loopbackOver("PulseAudio", pulseMissing, startPulse, options);
loopbackOver("PipeWire", pipewireMissing, startPipewire, options);
