// Reads JUnit reports, the machine-readable format that Deno, Bun and Node share.

/** Counts of one report or program. `failed` includes files that could not be loaded. */
export const noCounts = () => ({ passed: 0, failed: 0, skipped: 0 });

const testcase = /<testcase((?:\s+[\w:.-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/** The tests in a report, those that hold no other tests: { name, failed, skipped }. */
export function readJunit(xml) {
  const cases = [...xml.matchAll(testcase)].map(([, attributes, body = ""]) => ({
    name: /\sname="([^"]*)"/.exec(attributes)?.[1] ?? "",
    failed: /<(failure|error)\b/.test(body),
    skipped: /<skipped\b/.test(body),
  }));
  // Deno lists a group beside its tests, named "group > test"; Bun and Node nest them in a <testsuite>.
  const holds = (outer, inner) => inner.name.startsWith(`${outer.name} &gt; `);
  return cases.filter((test) => {
    const inner = cases.filter((other) => holds(test, other));
    // A group counts only where it failed for itself (a hook, say).
    return inner.length === 0 || (test.failed && !inner.some((t) => t.failed));
  });
}

/** Counts the tests in a report. */
export function countJunit(xml) {
  const counts = noCounts();
  for (const { failed, skipped } of readJunit(xml)) counts[failed ? "failed" : skipped ? "skipped" : "passed"]++;
  return counts;
}

/** Counts TAP lines; undefined where there are none. */
export function countTap(text) {
  const lines = text.match(/^(?:not )?ok\b.*$/gm);
  if (!lines) return undefined;
  const counts = noCounts();
  for (const line of lines) {
    counts[line.startsWith("not") ? "failed" : /# *skip/i.test(line) ? "skipped" : "passed"]++;
  }
  return counts;
}
