import { type PythonPool, createPythonPool } from "../../python/pool.ts";
import { type HomeOptions, ownConfigOf } from "../option.ts";

/** Runs `work` with Python processes in this folder, which end with it. */
export async function withPython<T>(
  directory: string,
  home: HomeOptions,
  work: (python: PythonPool) => Promise<T>,
): Promise<T> {
  const { config, env } = ownConfigOf(home);
  const python = createPythonPool({ directory, interpreter: config.python, env });
  try {
    return await work(python);
  } finally {
    await python.close();
  }
}
