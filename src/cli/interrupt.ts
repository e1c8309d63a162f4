/** Calls `stop` at Ctrl-C and at a kind kill, in place of ending the process. @returns what makes them end it again. */
export function whenInterrupted(stop: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}
