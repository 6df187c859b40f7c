/** Makes console.log() show objects of a class as their toString() does, on all runtimes. */
export function showAsText({ prototype }: { readonly prototype: object }): void {
  const value = function (this: object): string {
    return this.toString();
  };
  for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(prototype, Symbol.for(name), { value, configurable: true, writable: true });
  }
}
