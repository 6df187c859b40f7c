/** strftime(3) for the names of files: local time, English names, the conversions that make sense in a name. */
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}

function dayOfYear(date: Date): number {
  // In UTC all days have 24 hours.
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000) + 1;
}

/** The Thursday of the date's week: ISO 8601 counts a week to the year that its Thursday is in. */
function thursday(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return (minutes < 0 ? "-" : "+") + pad(Math.floor(size / 60)) + pad(size % 60);
}

const conversions: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => pad(date.getFullYear(), 4),
  C: (date) => pad(Math.floor(date.getFullYear() / 100)),
  y: (date) => pad(date.getFullYear() % 100),
  m: (date) => pad(date.getMonth() + 1),
  d: (date) => pad(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  H: (date) => pad(date.getHours()),
  I: (date) => pad(date.getHours() % 12 || 12),
  M: (date) => pad(date.getMinutes()),
  S: (date) => pad(date.getSeconds()),
  p: (date) => date.getHours() < 12 ? "AM" : "PM",
  j: (date) => pad(dayOfYear(date), 3),
  a: (date) => days[date.getDay()].slice(0, 3),
  A: (date) => days[date.getDay()],
  b: (date) => months[date.getMonth()].slice(0, 3),
  h: (date) => months[date.getMonth()].slice(0, 3),
  B: (date) => months[date.getMonth()],
  u: (date) => String(date.getDay() || 7),
  w: (date) => String(date.getDay()),
  U: (date) => pad(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7)),
  W: (date) => pad(Math.floor((dayOfYear(date) + 6 - (date.getDay() + 6) % 7) / 7)),
  G: (date) => pad(thursday(date).getFullYear(), 4),
  g: (date) => pad(thursday(date).getFullYear() % 100),
  V: (date) => pad(Math.ceil(dayOfYear(thursday(date)) / 7)),
  z: zone,
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  F: (date) => strftime("%Y-%m-%d", date),
  T: (date) => strftime("%H:%M:%S", date),
  R: (date) => strftime("%H:%M", date),
  D: (date) => strftime("%m/%d/%y", date),
  "%": () => "%",
};

/** Replaces the conversions in a name; an unknown one stays as it is. */
export function strftime(format: string, date: Date): string {
  return format.replace(
    /%(.)/g,
    (whole, letter) => Object.hasOwn(conversions, letter) ? conversions[letter](date) : whole,
  );
}
