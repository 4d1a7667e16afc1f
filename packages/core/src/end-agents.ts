import type { Agent } from 'node:http'

/**
 * For drivers that are closed: ends all sockets of their agents. One that is opened after this, by a retry
 * of what was under way, is not kept.
 */
export function endAgents(agents: Iterable<Agent>): void {
  for (const agent of agents) {
    // What the types leave out: whether a socket goes back to the pool is looked up when it is free.
    ;(agent as { keepAlive?: boolean }).keepAlive = false
    agent.destroy()
  }
}
