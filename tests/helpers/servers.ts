// Sound servers for tests of the real PortAudio. It looks for servers when it starts, so what uses one is a child
// process with the server's environment: runTs(file, { env: server.env }).
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

export interface Server {
  /** For kill(): the server's own process. */
  readonly pid: number;
  /** With which a program finds this server, and nothing of the user's. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it, also a stopped one. It ends with this process in any case. */
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL("./servers.sh", import.meta.url));

/** For the `skip` of a test: which programs it lacks, or false. With CI=true no program may be missing. */
export function missing(programs: readonly string[]): string | false {
  if (process.env.CI === "true") return false;
  const found = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;
  const lacking = programs.filter((name) => !found(name));
  return lacking.length > 0 && `not installed: ${lacking.join(", ")}`;
}

export const jackMissing: string | false = missing(["jackd", "jack_lsp"]);
export const pulseMissing: string | false = missing(["pulseaudio", "pactl", "parec"]);
export const pipewireMissing: string | false = missing([
  "pipewire",
  "wireplumber",
  "pipewire-pulse",
  "dbus-daemon",
  "pactl",
]);

/** Reads the lines of the script up to the process id. */
function environment(child: ChildProcess): Promise<Record<string, string>> {
  let [output, errors] = ["", ""];
  return new Promise((resolve, reject) => {
    child.stderr!.on("data", (data) => errors += data);
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`the server did not start, exit code ${code}: ${errors}`)));
    child.stdout!.on("data", (data) => {
      output += data;
      if (!/^SERVER_PID=\d+$/m.test(output)) return;
      const lines = output.trim().split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
      resolve(Object.fromEntries(lines));
    });
  });
}

async function start(kind: "jack" | "pulse" | "pipewire" | "alsa"): Promise<Server> {
  const child = spawn("sh", [script, kind], { stdio: "pipe" });
  const { SERVER_PID, ...env } = await environment(child);
  const closed = new Promise((resolve) => child.on("close", resolve));
  return {
    pid: Number(SERVER_PID),
    env,
    stop: async () => {
      child.stdin!.end();
      await closed;
    },
  };
}

/** JACK with the dummy driver at 48 kHz in blocks of 256, and a device "loopback" of two channels. */
export const startJack = (): Promise<Server> => start("jack");

/** PulseAudio with one sink, of null, called "loop", which is heard on the default source. */
export const startPulse = (): Promise<Server> => start("pulse");

/** The same of PipeWire. */
export const startPipewire = (): Promise<Server> => start("pipewire");

/** PulseAudio as ALSA's default device, which is the default of all. */
export const startAlsa = (): Promise<Server> => start("alsa");
