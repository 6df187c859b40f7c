import { UsageError } from "./usage-error.ts";

/**
 * Adds `; did you mean X?` to an error about a misspelt word, if a known one is similar. The library, which compares
 * words, is loaded only then: loading it takes longer than all that --help does.
 */
export async function addSuggestion(error: unknown): Promise<void> {
  if (!(error instanceof UsageError) || !error.misspelling) return;
  const { nearestName } = await import("../../mod.ts");
  const nearest = nearestName(error.misspelling.word, error.misspelling.known);
  if (nearest !== undefined) error.message += `; did you mean ${nearest}?`;
}
