/** A word that is none of the known ones. */
export interface Misspelling {
  readonly word: string;
  readonly known: readonly string[];
}

/** An invalid command line: reported in one line, with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
  /** addSuggestion() adds the known word that was probably meant. */
  readonly misspelling: Misspelling | undefined;

  constructor(message: string, misspelling?: Misspelling) {
    super(message);
    this.misspelling = misspelling;
  }
}
