/** Calls back with every line that a process prints which is not empty, also with a last one that has no end. */
export function eachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = "";
  const tell = (line: string): void => {
    if (line !== "") onLine(line);
  };
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(tell);
  });
  stream?.on("end", () => tell(rest));
}
