/** Who asks. Conversations belong to a principal's id. */
export interface Principal {
  id: string;
  name: string;
  /** As access rules of documents name them. */
  groups: readonly string[];
}
