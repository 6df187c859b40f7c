// Colours from the style sheet, and the colour map of the spectrogram.

const maps = {
  dark: ["#10151b", "#2a1458", "#65156e", "#9f2a63", "#d44842", "#f57d15", "#fac127", "#fcffa4"],
  light: ["#ffffff", "#dce9f6", "#b3d3ea", "#74b3d8", "#3987c0", "#1559a3", "#082f6b", "#041536"],
};

function channelsOf(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** Reads the current colours from the style sheet. */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    card: get("card"),
    text: get("text"),
    dim: get("dim"),
    grid: get("grid"),
    accent: get("accent"),
    hot: get("hot"),
    warm: get("warm"),
    hold: get("hold"),
    channels: [1, 2, 3, 4].map((n) => get(`channel-${n}`)),
    map: maps[get("map")],
  };
}

/** Returns a pixel for each byte value: the first colour up to `floor` decibels, the last from `ceiling` on. */
export function pixelTable(map, floor, ceiling, decibelsOf) {
  const stops = map.map(channelsOf);
  const table = new Uint8ClampedArray(256 * 4);
  for (let byte = 0; byte < 256; byte++) {
    const share = Math.min(Math.max((decibelsOf(byte) - floor) / (ceiling - floor), 0), 1) * (stops.length - 1);
    const low = Math.min(Math.floor(share), stops.length - 2);
    stops[low].forEach((from, i) => {
      table[4 * byte + i] = from + (stops[low + 1][i] - from) * (share - low);
    });
    table[4 * byte + 3] = 255;
  }
  return new Uint32Array(table.buffer);
}
