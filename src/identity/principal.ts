/** Who asks. Conversations belong to a principal's id. */
export interface Principal {
  id: string;
  name: string;
}
