// The sources of the bundle: upstream archives as Debian keeps them, each with its SHA-256, unpacked and with Debian's
// security patches. A package has a second pin in case the first is no longer kept.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, say } from "../run.mjs";
import { root } from "../tools.mjs";
import { privateApt } from "./apt.mjs";

export const bundleFolder = join(root, "build", "bundle");
const archives = join(bundleFolder, "archives");
const apt = privateApt(join(bundleFolder, "apt"));

/** By the names that the recipes use. `licence`: the files of the archive that state it. */
export const sources = {
  ogg: {
    package: "libogg",
    licence: "BSD-3-Clause",
    texts: ["COPYING"],
    pins: [
      {
        version: "1.3.5",
        file: "libogg_1.3.5.orig.tar.xz",
        sha256: "c4d91be36fc8e54deae7575241e03f4211eb102afb3fc0775fbbc1b740016705",
      },
      {
        version: "1.3.6",
        file: "libogg_1.3.6.orig.tar.xz",
        sha256: "5c8253428e181840cd20d41f3ca16557a9cc04bad4a3d04cce84808677fa1061",
      },
    ],
  },
  vorbis: {
    package: "libvorbis",
    licence: "BSD-3-Clause",
    texts: ["COPYING"],
    pins: [
      {
        version: "1.3.7",
        file: "libvorbis_1.3.7.orig.tar.gz",
        sha256: "0e982409a9c3fc82ee06e08205b1355e5c6aa4c36bca58146ef399621b0ce5ab",
      },
    ],
  },
  opus: {
    package: "opus",
    licence: "BSD-3-Clause",
    texts: ["COPYING"],
    pins: [
      {
        version: "1.5.2",
        file: "opus_1.5.2.orig.tar.gz",
        sha256: "65c1d2f78b9f2fb20082c38cbe47c951ad5839345876e46941612ee87f9a7ce1",
      },
      {
        version: "1.3.1",
        file: "opus_1.3.1.orig.tar.gz",
        sha256: "65b58e1e25b2a114157014736a3d9dfeaad8d41be1c8179866f144a2fb44ff9d",
      },
    ],
  },
  flac: {
    package: "flac",
    licence: "BSD-3-Clause",
    texts: ["COPYING.Xiph"],
    pins: [
      {
        version: "1.5.0",
        file: "flac_1.5.0+ds.orig.tar.xz",
        sha256: "51d6a5bf5a37b67f9af847daa07c07091f6bf1583d5abb7fbb064bc68428b0f1",
      },
      {
        version: "1.4.2",
        file: "flac_1.4.2+ds.orig.tar.xz",
        sha256: "47274ac8fcb1f0e6caa91d29f943925d7a40c0a3f6357c3275773bdb1ee46638",
      },
    ],
  },
  mpg123: {
    package: "mpg123",
    licence: "LGPL-2.1-only",
    texts: ["COPYING"],
    pins: [
      {
        version: "1.32.10",
        file: "mpg123_1.32.10.orig.tar.xz",
        sha256: "98867a796fa1eeb161847d211734d585ff61c56712fbc333de416fea7b59de29",
        changes: [
          {
            file: "mpg123_1.32.10-1+deb13u1.debian.tar.xz",
            sha256: "cba7a4fd6b2f73b99abaf85eeee96964b31b9695aeed77e6b8e8e50e219ef19f",
          },
        ],
        patches: /^000[23]-libmpg123/,
      },
    ],
  },
  lame: {
    package: "lame",
    licence: "LGPL-2.0-or-later",
    texts: ["COPYING", "LICENSE"],
    pins: [
      {
        version: "3.100",
        file: "lame_3.100.orig.tar.gz",
        sha256: "ddfe36cab873794038ae2c1210557ad34857a4b6bdc515785d1da9e175b1da1e",
      },
    ],
  },
  sndfile: {
    package: "libsndfile",
    licence: "LGPL-2.1-or-later",
    texts: ["COPYING", "src/GSM610/COPYRIGHT", "src/ALAC/LICENSE"],
    pins: [
      {
        version: "1.2.2",
        file: "libsndfile_1.2.2.orig.tar.gz",
        sha256: "ffe12ef8add3eaca876f04087734e6e8e029350082f3251f565fa9da55b52121",
        // The two hold the same changes of the library.
        changes: [
          {
            file: "libsndfile_1.2.2-2+deb13u1.debian.tar.xz",
            sha256: "2549d7a791ca177213918fbcf9c9e39c5734a2e18782341b44d71e4b39365296",
          },
          {
            file: "libsndfile_1.2.2-4.debian.tar.xz",
            sha256: "00796f90a34180460edf45b4d6930a004238136bd08c85b4a4c704fc30634a84",
          },
        ],
        patches: /CVE-|better-error-checking|Update-mpeg_l3_encode/,
      },
    ],
  },
  portaudio: {
    package: "portaudio19",
    licence: "MIT",
    texts: ["LICENSE.txt"],
    pins: [
      {
        version: "19.7.0",
        file: "portaudio19_19.7.0.orig.tar.gz",
        sha256: "5af29ba58bbdbb7bbcefaaecc77ec8fc413f0db6f4c4e286c40c3e1b83174fa0",
      },
    ],
  },
  // Of these two only the headers are used: PortAudio opens both at run time.
  alsa: {
    package: "alsa-lib",
    headers: true,
    pins: [
      {
        version: "1.2.14",
        file: "alsa-lib_1.2.14.orig.tar.bz2",
        sha256: "be9c88a0b3604367dd74167a2b754a35e142f670292ae47a2fdef27a2ee97a32",
      },
      {
        version: "1.2.8",
        file: "alsa-lib_1.2.8.orig.tar.bz2",
        sha256: "1ab01b74e33425ca99c2e36c0844fd6888273193bd898240fe8f93accbcbf347",
      },
    ],
  },
  jack: {
    package: "jackd2",
    headers: true,
    pins: [
      {
        version: "1.9.22",
        file: "jackd2_1.9.22~dfsg.orig.tar.gz",
        sha256: "e9e818a0fbc5d1fd36b0f1a86153ee7cfe10c9d3812fa1f0c6f76b2aa9fb284c",
      },
      {
        version: "1.9.21",
        file: "jackd2_1.9.21~dfsg.orig.tar.gz",
        sha256: "d399bdb1ba3655a3e4e894821f288532b77afea060263b436bc53f690d3ef535",
      },
    ],
  },
};

function run(command, args, cwd) {
  const { status, stderr, stdout, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Failure(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr + stdout}`);
}

function unpack(archive, into) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  run("tar", ["-xf", archive, "-C", into, "--strip-components=1"], root);
}

/** Applies the patches of Debian's that `pin` names; returns false where none of its archives of changes can be had. */
function applyPatches(source, pin, folder) {
  const changes = pin.changes?.find((archive) => apt.fetch(source.package, archive, "diff", archives));
  if (!changes) return !pin.changes;
  const unpacked = `${folder}.changes`;
  unpack(join(archives, changes.file), unpacked);
  const series = readFileSync(join(unpacked, "patches", "series"), "utf8").split("\n");
  for (const name of series.filter((line) => pin.patches.test(line))) {
    run("patch", ["-p1", "--quiet", "--no-backup-if-mismatch", "-i", join(unpacked, "patches", name)], folder);
  }
  return true;
}

/** Fetches the archive of one library, unpacks and patches it; returns { folder, pin }. */
export function prepareSource(name) {
  const source = sources[name];
  const folder = join(bundleFolder, "sources", name);
  const stamp = `${folder}.stamp`;
  for (const pin of source.pins) {
    const state = JSON.stringify([pin, String(pin.patches)]);
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return { folder, pin };
    say(`fetching ${pin.file}`);
    if (!apt.fetch(source.package, pin, "tar", archives)) continue;
    rmSync(stamp, { force: true });
    unpack(join(archives, pin.file), folder);
    if (!applyPatches(source, pin, folder)) continue;
    writeFileSync(stamp, state);
    return { folder, pin };
  }
  throw new Failure(
    `${source.package} ${
      source.pins.map((pin) => pin.version).join(" or ")
    } is no longer kept by this Debian mirror: ` +
      "pin another version in scripts/lib/bundle/sources.mjs",
  );
}
