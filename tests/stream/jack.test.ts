// What the original was tested for, over the real PortAudio and a JACK server that needs no sound card.
// On one Node: it plays for several seconds.
import { loopbackOver } from "../helpers/loopback-over.ts";
import { jackMissing, startJack } from "../helpers/servers.ts";

loopbackOver("JACK", jackMissing, startJack, { device: "loopback JACK" });
