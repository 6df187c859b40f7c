/** Gives a class the methods and accessors of others, which keep no state in the instance itself. */
export function mixin(target: { prototype: object }, ...parts: { prototype: object }[]): void {
  for (const { prototype } of parts) {
    const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype);
    Object.defineProperties(target.prototype, members);
  }
}
