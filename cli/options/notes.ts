/** Notes about values and options that may be a mistake, printed before the run. */
import { fewSamplesNote } from "./numbers.ts";
import { type SettingName, spelling } from "./options.ts";
import type { CommandLine, Settings } from "./settings.ts";

const spans = ["duration", "offset", "pad", "rotate"] as const;

/** Times that were given as very few samples. */
export function sampleNotes(settings: Settings): string[] {
  return spans.flatMap((name) => {
    const text = fewSamplesNote(settings[name]);
    return text === undefined ? [] : [`${spelling(name)}: ${text}`];
  });
}

/** Options that have no effect, because their file is missing from the command line. */
function idleNotes({ settings, playback, recording }: CommandLine): string[] {
  const without = (side: string, names: readonly SettingName[]) =>
    names.filter((name) => settings[name] !== undefined)
      .map((name) => `${spelling(name)} does nothing: there is no ${side}`);
  return [
    ...(playback === null ? without("playback", ["loop", "volume", "pad"]) : []),
    ...(recording === null ? without("recording", ["offset", "noClobber", "onOverflow", "rotate"]) : []),
  ];
}

export function settingNotes(line: CommandLine): string[] {
  return [...sampleNotes(line.settings), ...idleNotes(line)];
}
