/** The command `pastream scope`. */
import { blame } from "../stream/blame.ts";
import { chooseDevices } from "../stream/device-choice.ts";
import { type SettingName, spelling } from "../options/options.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { Signals } from "../stream/signals.ts";
import { writeText } from "../report/write.ts";
import { UsageError } from "../options/usage-error.ts";
import type { ScopeOptions } from "./options.ts";
import { scope } from "./scope.ts";

const understood: readonly SettingName[] = [
  "device",
  "hostApi",
  "channels",
  "rate",
  "blockSize",
  "latency",
  "loop",
  "quiet",
];

function scopeOptions({ settings, playback }: CommandLine): ScopeOptions {
  const { channels, latency, rate, blockSize, loop } = settings;
  for (const name of Object.keys(settings) as SettingName[]) {
    if (!understood.includes(name)) throw new UsageError(`${spelling(name)} does nothing in scope`);
  }
  return {
    device: chooseDevices(settings, { playback: playback !== null, recording: true }),
    channels: [channels?.recording, undefined],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    sampleRate: rate,
    blockSize,
    ...(playback !== null && { playback, loop }),
  };
}

function greeting(url: string, { quiet }: Settings): string {
  return quiet ? `${url}\n` : `The live view is at ${url}\nWhoever has this address hears the input. Ctrl-C ends it.\n`;
}

/** Shows the view until a signal comes. */
export async function runScope(line: CommandLine): Promise<number> {
  try {
    const view = await scope(scopeOptions(line));
    const signals = await new Promise<Signals>((resolve) => {
      const signals: Signals = new Signals(() => resolve(signals));
      writeText(1, greeting(view.url, line.settings));
    });
    await view.close();
    signals.close();
    return signals.exitCode!;
  } catch (error) {
    throw blame(error, line.settings);
  }
}
