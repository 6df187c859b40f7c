// How PortAudio is compiled: on Linux with ALSA and JACK, both opened at run time; on Windows with WASAPI, DirectSound
// and WMME; on macOS with Core Audio, by declarations of our own.
import { join } from "node:path";
import { root } from "../tools.mjs";
import { linkFrameworks } from "./frameworks.mjs";
import { bundleFolder } from "./sources.mjs";

const ours = join(root, "scripts", "lib", "bundle");
const system = ({ name }) => name.split("-")[0];

const files = {
  linux: [
    "os/unix/pa_unix_hostapis.c",
    "os/unix/pa_unix_util.c",
    "hostapi/alsa/pa_linux_alsa.c",
  ],
  macos: [
    "os/unix/pa_unix_hostapis.c",
    "os/unix/pa_unix_util.c",
    "hostapi/coreaudio/pa_mac_core.c",
    "hostapi/coreaudio/pa_mac_core_blocking.c",
    "hostapi/coreaudio/pa_mac_core_utilities.c",
  ],
  windows: [
    "os/win/pa_win_hostapis.c",
    "os/win/pa_win_util.c",
    "os/win/pa_win_coinitialize.c",
    "os/win/pa_win_waveformat.c",
    "os/win/pa_x86_plain_converters.c",
    "hostapi/wasapi/pa_win_wasapi.c",
    "hostapi/dsound/pa_win_ds.c",
    "hostapi/dsound/pa_win_ds_dynlink.c",
    "hostapi/wmme/pa_win_wmme.c",
  ],
};
const own = { linux: [join(ours, "jack.c")], macos: [], windows: [] };

const flags = {
  linux: [
    "-DPA_USE_ALSA=1",
    "-DPA_USE_JACK=1",
    "-DPA_ALSA_DYNAMIC",
    '-DPA_ALSA_PATHNAME="libasound.so.2"',
    "-DHAVE_CLOCK_GETTIME",
    "-DHAVE_NANOSLEEP",
  ],
  macos: ["-DPA_USE_COREAUDIO=1", "-DHAVE_NANOSLEEP", `-I${join("scripts", "lib", "bundle", "macos")}`],
  windows: ["-DPA_USE_WASAPI=1", "-DPA_USE_DS=1", "-DPA_USE_WMME=1", "-DPA_USE_WDMKS=0", "-DPA_USE_ASIO=0"],
};
const COMMON = "allocation converters cpuload debugprint dither front process ringbuffer stream trace";

export const portaudio = {
  files: (target) => [
    ...COMMON.split(" ").map((name) => `src/common/pa_${name}.c`),
    ...files[system(target)].map((name) => `src/${name}`),
    ...own[system(target)],
  ],
  include: ["include", "src/common", "src/os/unix", "src/os/win", "src/hostapi/jack"],
  // After the system's: some of ALSA's own headers have the names of others.
  headers: ["alsa/include", "jack/common"],
  configs: {},
  // PortAudio's ALSA code reads a variable that it has not set; with a server gone it then prints without end.
  flags: (target) => [
    "-ftrivial-auto-var-init=zero",
    "-DPA_LITTLE_ENDIAN",
    "-DNDEBUG",
    ...flags[system(target)],
  ],
  exports: `#include "portaudio.h"
#if defined(_WIN32)
#include "pa_win_wasapi.h"
#elif defined(__APPLE__)
#include "pa_mac_core.h"
#else
#include "pa_linux_alsa.h"
#include "pa_jack.h"
#endif
`,
  pattern: "Pa_*; PaAlsa_*; PaJack_*",
  libraries: (target) =>
    ({
      linux: ["-lm", "-lpthread", "-ldl"],
      macos: system(target) === "macos" ? linkFrameworks(join(bundleFolder, "frameworks")) : [],
      windows: ["-lwinmm", "-lole32", "-luuid", "-lsetupapi", "-lksuser"],
    })[system(target)],
};
