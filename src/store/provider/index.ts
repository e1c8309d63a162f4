import type { RecordStore } from "../record-store.ts";
import { sqliteStore } from "./sqlite/sqlite-store.ts";

export interface RecordStoreOptions {
  /** The database file; its folder is made when it is missing. */
  file: string;
}

/** Opens the records of a state folder. @throws FlowsteadError `StoreUnavailable`, `StoreDamaged` or `StoreLocked`. */
export function openRecordStore(options: RecordStoreOptions): Promise<RecordStore> {
  return sqliteStore(options);
}
