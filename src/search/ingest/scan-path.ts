import path from "node:path";

const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/** Whether it is the address of a store, and no path of this machine. */
export function isAddress(target: string): boolean {
  return ADDRESS.test(target);
}

/** A name below a folder of either kind. */
export function joined(folder: string, name: string): string {
  return isAddress(folder) ? `${folder}/${name}` : path.join(folder, name);
}

/** Whether a path is the folder or lies under it. */
export function isInside(file: string, folder: string): boolean {
  if (isAddress(file) || isAddress(folder)) return file === folder || file.startsWith(`${folder}/`);
  const relative = path.relative(folder, file);
  return relative === "" || (relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}
