// A conversation is a tree of messages: another answer to a question, or an edited question, is another branch.

import type { Kysely } from "kysely";
import { sql } from "../store/kysely.ts";
import type { ChatSchema } from "./schema.ts";

/** What the shape of the tree needs to know of a message. */
export interface TreeNode {
  id: string;
  parent_id: string | null;
}

/** All messages of a conversation without their content, oldest first. */
export function treeNodes(db: Kysely<ChatSchema>, conversationId: string): Promise<TreeNode[]> {
  return db
    .selectFrom("message")
    .select(["id", "parent_id"])
    .where("conversation_id", "=", conversationId)
    .orderBy("ordinal")
    .execute();
}

/** Ids from the first message down to `leaf`. */
export function branchTo(nodes: readonly TreeNode[], leaf: string | null): string[] {
  const parents = new Map(nodes.map((node) => [node.id, node.parent_id]));
  const path: string[] = [];
  for (let id = leaf; id !== null && parents.has(id); id = parents.get(id) ?? null) path.push(id);
  return path.toReversed();
}

/** Messages that stand at the same place as this one, itself included, oldest first. */
export function siblingsOf(nodes: readonly TreeNode[]): (id: string) => string[] {
  const byParent = new Map<string | null, string[]>();
  const parents = new Map<string, string | null>();
  for (const { id, parent_id } of nodes) {
    parents.set(id, parent_id);
    const group = byParent.get(parent_id);
    if (group) group.push(id);
    else byParent.set(parent_id, [id]);
  }
  return (id) => byParent.get(parents.get(id) ?? null) ?? [];
}

/** The end of the newest branch that goes through `id`. */
export function newestLeaf(nodes: readonly TreeNode[], id: string): string {
  const newestChild = new Map<string, string>();
  for (const node of nodes) if (node.parent_id !== null) newestChild.set(node.parent_id, node.id);
  let leaf = id;
  for (let child = newestChild.get(leaf); child !== undefined; child = newestChild.get(leaf)) leaf = child;
  return leaf;
}

/** The messages before and including `leaf`, at most `most` of them, oldest first. */
export async function messagesBefore(
  db: Kysely<ChatSchema>,
  leaf: string | null,
  most: number,
): Promise<{ role: string; status: string; text: string }[]> {
  if (leaf === null || most === 0) return [];
  const { rows } = await sql<{ role: string; status: string; text: string }>`
    with recursive branch (id, parent_id, role, status, text, depth) as (
      select id, parent_id, role, status, text, 1 from message where id = ${leaf}
      union all
      select message.id, message.parent_id, message.role, message.status, message.text, branch.depth + 1
      from message join branch on message.id = branch.parent_id
      where branch.depth < ${most}
    )
    select role, status, text from branch order by depth desc`.execute(db);
  return rows;
}
