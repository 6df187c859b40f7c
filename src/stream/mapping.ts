import { PS_DIRECTION_INPUT } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import type { Core } from "../run/core.ts";
import { requireMapping } from "../samples/channel-map.ts";

/** Sets the channel map of a direction, and returns it. It may name the channels of a source that has more of them. */
export function setMapping(core: Core, side: number, mapping: unknown, sourceChannels = 0): readonly number[] {
  const [name, direction] = side === PS_DIRECTION_INPUT ? ["rxMapping", core.input!] : ["txMapping", core.output!];
  const { channels } = direction;
  const checked = requireMapping(name, mapping, channels, Math.max(channels, sourceChannels));
  // Until a run starts the native side does not know how many channels the source has.
  const known = core.active ? checked : checked.map((from) => from > channels ? 0 : from);
  const given = mapping === null ? new Int32Array(0) : Int32Array.from(known);
  unwrap(native().ps_stream_set_map(core.native.handle, side, given, given.length), name);
  direction.mapping = mapping === null ? undefined : checked;
  return checked;
}
