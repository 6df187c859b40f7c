/** A number of things in words: "1 channel", "2 channels". */
export function countOf(count: number, noun: string, nouns: string = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
