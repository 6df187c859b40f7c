// A module that never finishes loading.
await new Promise((resolve) => setTimeout(resolve, 1e9));

export default function never(): void {}
