// The command `pastream`.
import { host } from "./cli/host.ts";

host.cacheCompiled();
const { main } = await import("./cli/main.ts");
host.endWith(await main(host.args));
