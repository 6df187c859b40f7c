// The npm packages with the native libraries: @pastream/native-<target>, one for each target. A package manager
// installs the one for its platform.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBundle } from "../build-bundle.mjs";
import { LICENCE, writeLicences } from "./bundle/licences.mjs";
import { capture, Failure } from "./run.mjs";
import { bundleFiles } from "./targets.mjs";
import { root, which } from "./tools.mjs";

const systems = { linux: "linux", macos: "darwin", windows: "win32" };

export const nativePackage = ({ name }) => `@pastream/native-${name}`;
export const nativeFolder = ({ name }) => join(root, "build", "npm-native", name);

function description(target, version, whole) {
  const [os, cpu, libc] = target.name.split("-");
  return {
    name: nativePackage(target),
    version,
    description: `pastream's native library for ${target.name}${whole ? ", with PortAudio and libsndfile" : ""}`,
    license: whole ? LICENCE : "MIT",
    os: [systems[os]],
    cpu: [cpu],
    ...(os === "linux" && { libc: [libc ?? "glibc"] }),
    preferUnplugged: true, // a system opens no library inside an archive
  };
}

/** Lays out the package of one target, and packs it; returns the path of the archive. A `whole` one has the bundle. */
export async function buildNativePackage(target, version, { whole }) {
  const folder = nativeFolder(target);
  const files = bundleFiles(target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, "native", target.name, target.file), join(folder, target.file));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  if (whole) {
    const bundle = buildBundle(target);
    for (const file of Object.values(files)) copyFileSync(join(bundle, file), join(folder, file));
    writeLicences(folder, files);
  }
  writeFileSync(
    join(folder, "README.md"),
    `# ${
      nativePackage(target)
    }\n\nPart of [pastream](https://www.npmjs.com/package/pastream), which installs it where it fits.\n`,
  );
  const json = `${JSON.stringify(description(target, version, whole), null, 2)}\n`;
  writeFileSync(join(folder, "package.json"), json);
  const build = join(root, "build");
  const { code, output } = await capture(which("npm"), ["pack", "--silent", `--pack-destination=${build}`], {
    cwd: folder,
  });
  if (code !== 0) throw new Failure(`npm pack in ${folder}:\n${output}`);
  return join(build, `pastream-native-${target.name}-${version}.tgz`);
}
