/** Channel maps on streams. */
import { DuplexStream, type SoundFile } from "../../mod.ts";
import { type ChannelMap, mappingOf } from "../options/lists.ts";
import type { Settings } from "../options/settings.ts";
import type { Player, Recorder } from "./streams.ts";

/** Makes a mapping for the API of a map, with a note about the channels that it leaves out. */
function mappingFor(
  map: ChannelMap,
  channels: number,
  from: number,
  side: string,
  note: (text: string) => void,
): number[] {
  const mapping = mappingOf(map, channels, from);
  const named = new Set(map.map(([, to]) => to));
  const muted = Array.from({ length: channels }, (_, index) => index + 1).filter((channel) => !named.has(channel));
  if (muted.length > 0) {
    const [what, is] = muted.length === 1 ? ["channel", "is"] : ["channels", "are"];
    note(
      `-m/--map: ${what} ${muted.join(", ")} of the ${side} ${is} muted: the map does not name ${
        muted.length === 1 ? "it" : "them"
      }`,
    );
  }
  return mapping;
}

/** The mappings of both sides, as far as maps were given. */
export function planMaps(
  { map = [] }: Settings,
  player: Player | undefined,
  recorder: Recorder | undefined,
  file: SoundFile | undefined,
  note: (text: string) => void,
): { playback?: number[]; recording?: number[] } {
  const mappings: { playback?: number[]; recording?: number[] } = {};
  // A single map is for the recording if there is one.
  const [first, second] = map.length === 1 && recorder ? [null, map[0]] : map;
  if (first && player) {
    const channels = player instanceof DuplexStream ? player.channels[1] : player.channels;
    mappings.playback = mappingFor(first, channels, file?.channels ?? channels, "playback", note);
  }
  if (second && recorder) {
    const channels = recorder instanceof DuplexStream ? recorder.channels[0] : recorder.channels;
    mappings.recording = mappingFor(second, channels, channels, "recording", note);
  }
  return mappings;
}
