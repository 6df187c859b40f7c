// What the original was tested for, over the real PortAudio and a JACK server that needs no sound card.
import { loopbackOver } from "../helpers/loopback-over.ts";
import { jackMissing, startJack } from "../helpers/servers.ts";

loopbackOver("JACK", jackMissing, startJack, { device: "loopback JACK" });
