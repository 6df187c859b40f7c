import { nearestName } from "../../mod.ts";

/** `; did you mean X?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = nearestName(word, candidates);
  return candidate === undefined ? "" : `; did you mean ${candidate}?`;
}
