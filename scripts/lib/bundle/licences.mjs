// The licences of what is in the bundle: their texts, which go along with it, and a look into every compiled file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codecs } from "./codecs.mjs";
import { portaudio } from "./portaudio.mjs";
import { prepareSource, sources } from "./sources.mjs";

/** What a text must say to be the licence of this name. */
const phrases = {
  "MIT": /Permission is hereby granted, free of charge/,
  "BSD-3-Clause": /Redistribution and use in source and binary forms/,
  "LGPL-2.0-or-later": /GNU LIBRARY GENERAL PUBLIC LICENSE/,
  "LGPL-2.1-only": /GNU LESSER GENERAL PUBLIC LICENSE/,
  "LGPL-2.1-or-later": /GNU LESSER GENERAL PUBLIC LICENSE/,
};

/** The names of what is compiled; the others give headers only. */
export const bundled = Object.keys(sources).filter((name) => !sources[name].headers);

/** The licence of a package with the bundle in it. */
export const LICENCE = "MIT AND BSD-3-Clause AND LGPL-2.0-or-later AND LGPL-2.1-only AND LGPL-2.1-or-later";

/** The licence of one library, with all that its archive says about it. */
function licenceText(name) {
  const { folder } = prepareSource(name);
  return sources[name].texts.map((file) => `${file}\n\n${readFileSync(join(folder, file), "latin1")}`).join("\n\n");
}

function sourceOffer(files) {
  const lines = bundled.map((name) => {
    const { package: debian, licence } = sources[name];
    const { pin } = prepareSource(name);
    const patched = pin.changes
      ? `, with patches of Debian's (${pin.changes.map(({ file }) => file).join(" or ")})`
      : "";
    return `- ${name} ${pin.version} (${licence}): ${pin.file} of Debian's source package ${debian}${patched},\n` +
      `  SHA-256 ${pin.sha256}`;
  });
  return `# PortAudio and libsndfile

\`${files.portaudio}\` is PortAudio; \`${files.sndfile}\` is libsndfile, with libogg, libvorbis, libopus, libFLAC,
libmpg123 and libmp3lame inside. Their licences are in \`licences/\`. libsndfile, libmpg123 and libmp3lame are free
software under the GNU Lesser General Public License.

## Sources

${lines.join("\n")}

They are built by \`npm run build:bundle\` in pastream's source, which fetches these archives, checks their hashes, and
says with which options they are compiled. Debian keeps the archives at its mirrors and in its snapshots. Whoever has
this package may have the sources of these libraries from pastream's authors too, for three years after its release.

## Another build of them

Each is a shared library that is opened when it is needed: replace the file by your own, or name another one by
\`PASTREAM_PORTAUDIO\`, \`PASTREAM_SNDFILE\` or \`loadLibrary()\`. \`pastream doctor\` says which are used.
`;
}

/** Writes the licences and the offer of the sources into the folder of a package. */
export function writeLicences(folder, files) {
  mkdirSync(join(folder, "licences"), { recursive: true });
  for (const name of bundled) writeFileSync(join(folder, "licences", `${name}.txt`), licenceText(name));
  writeFileSync(join(folder, "BUNDLE.md"), sourceOffer(files));
}

/** What is wrong with the licences of what is compiled for a target, a line each. */
export function licenceFaults(target) {
  const recipes = { ...codecs, portaudio };
  return bundled.flatMap((name) => {
    const { folder } = prepareSource(name);
    const texts = phrases[sources[name].licence].test(licenceText(name))
      ? []
      : [`${name}: its archive has no text of ${sources[name].licence}`];
    const recipe = recipes[name];
    if (!recipe) return [...texts, `${name} is not compiled`];
    const files = recipe.files(target, folder).filter((file) => !file.startsWith("/"));
    return [
      ...texts,
      ...files.filter((file) => isGpl(join(folder, file))).map((file) => `${name}: ${file} is under the GPL`),
    ];
  });
}

/** Whether a file says that the plain GPL, without a choice, is its licence. */
function isGpl(path) {
  const head = readFileSync(path, "latin1").slice(0, 4000).replaceAll(/[\s*]+/g, " ");
  return /GNU General Public License/i.test(head) && !/Lesser General|Library General|LGPL/i.test(head);
}
