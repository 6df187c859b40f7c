// For programs that tests run: a sound server that is killed and started again as it was.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";

/** Kills the server of this process id; returns a function that starts it again. It ends with this process. */
export async function killServer(pid: number): Promise<() => Promise<void>> {
  const parts = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8").split("\0").slice(0, -1);
  const [[command, ...args], variables] = [parts("cmdline"), parts("environ")];
  const env = Object.fromEntries(variables.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  process.kill(pid, "SIGKILL");
  await setTimeout(200);
  return async () => {
    const server = spawn(command, args, { env, stdio: "ignore" });
    process.on("exit", () => server.kill("SIGKILL"));
    server.unref();
    const says = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" }).stdout;
    const until = async (isReady: () => boolean) => {
      for (let tries = 0; tries < 200 && !isReady(); tries++) await setTimeout(50);
    };
    const hasLoop = () => says("pactl", "list", "short", "sinks").includes("loop");
    if (command.endsWith("jackd")) return await until(() => says("jack_lsp").includes("loopback:playback_2"));
    if (command.endsWith("pulseaudio")) return await until(hasLoop);
    if (command.endsWith("pipewire")) {
      await until(() => says("pw-cli", "info", "0").includes("PipeWire:Interface:Core"));
      const manager = spawn("wireplumber", { env, stdio: "ignore" }); // which has ended with it
      process.on("exit", () => manager.kill("SIGKILL"));
      manager.unref();
    }
    await until(() => says("pactl", "info") !== "");
    // The sink that the test began with was a module of the killed server.
    spawnSync("pactl", ["load-module", "module-null-sink", "sink_name=loop", "rate=48000", "channels=2"]);
    await until(hasLoop);
  };
}
