// In the place of @denosaurs/plug: the part of its interface that pastream uses, and its habit of speaking.
export async function download({ url, location }) {
  console.log(`Downloading ${url}`);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const path = `${location}/${crypto.randomUUID()}`;
  await Deno.writeFile(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}
