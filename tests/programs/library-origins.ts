// Says which libsndfile is used and why, once the program has done what its arguments say: "environment PATH" sets
// PASTREAM_SNDFILE, "option PATH" names the file to loadLibrary().
import process from "node:process";

const [way, path] = process.argv.slice(2);
if (way === "environment") process.env.PASTREAM_SNDFILE = path;
const { loadLibrary, versions } = await import("../../mod.ts");
if (way === "option") loadLibrary({ libsndfile: path });
const { libsndfile, paths, origins } = versions();
console.log(JSON.stringify({ version: libsndfile, path: paths.libsndfile, origin: origins.libsndfile }));
